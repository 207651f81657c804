// A target of C: the program from wasm2c, with clang's libFuzzer and AddressSanitizer.
import { execFile, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingTranslator, translate, translationDefines } from '../../boards/aot/translate.js';
import { compileVariant } from '../assembly/variant.js';
import { makeChains } from './chains.js';
import { makeFlights } from './flights.js';
import type { Outcome, Progress, Target } from './target.js';
import { type VariantName, variants } from './variants.js';

const flags = [
  '-O1',
  '-g1',
  '-w',
  '-fsanitize=fuzzer,address',
  '-fno-omit-frame-pointer',
  ...translationDefines,
];
/** Seconds for one input, and MiB: more is a finding too. */
const limits = ['-timeout=10', '-rss_limit_mb=1024', '-max_len=16384'];

export class CompiledTarget implements Target {
  readonly #folder: string;

  constructor(
    readonly name: VariantName,
    readonly about: string,
    /** File of test/fuzz/c that drives the program. */
    readonly driver: string,
    readonly root: string,
  ) {
    this.#folder = join(root, 'build/fuzz', name);
  }

  async missing(): Promise<string | undefined> {
    const translator = missingTranslator();
    if (translator !== undefined) return translator;
    const clang = await promisify(execFile)('clang', ['--version']).catch(() => undefined);
    return clang === undefined ? "clang is not installed: it is in Debian's package clang" : undefined;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const wasm = join(this.#folder, 'fuzzed.wasm');
    await compileVariant(this.root, variants[this.name], wasm);
    translate(wasm, this.#folder, 'fuzzed', { names: true });
    const sources = ['memory.c', this.driver].map((file) => join(this.root, 'test/fuzz/c', file));
    const keys = `-DFUZZ_KEYS="${join(this.root, 'test/fuzz/keys')}"`;
    const program = join(this.#folder, 'fuzzed.c');
    await promisify(execFile)('clang', [
      ...flags,
      keys,
      `-I${this.#folder}`,
      program,
      ...sources,
      '-o',
      this.#binary,
    ]);
  }

  get #binary(): string {
    return join(this.#folder, 'target');
  }

  async run(seconds: number, tell: (progress: Progress) => void): Promise<Outcome> {
    const seeds = await this.#writeSeeds();
    const found = join(this.#folder, 'found');
    await mkdir(found, { recursive: true });
    const args = [
      ...limits,
      `-max_total_time=${seconds}`,
      `-artifact_prefix=${this.#folder}/`,
      '-print_final_stats=1',
    ];
    const { code, text } = await this.#start(
      [...args, found, seeds, join(this.root, 'test/fuzz/corpus', this.name)],
      tell,
    );
    const file = /Test unit written to (\S+)/.exec(text)?.[1];
    return {
      executions: Number(
        /stat::number_of_executed_units: (\d+)/.exec(text)?.[1] ?? progressOf(text)?.executions ?? 0,
      ),
      blocks: progressOf(text)?.blocks ?? 0,
      ...(code !== 0 && { finding: { file: file ?? '', report: reportOf(text) } }),
    };
  }

  async replay(file: string): Promise<string | undefined> {
    const { code, text } = await this.#start([file], () => {});
    return code === 0 ? undefined : reportOf(text);
  }

  async #writeSeeds(): Promise<string> {
    const folder = join(this.#folder, 'seeds');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const seeds = this.name === 'chain' ? await makeChains() : (await makeFlights(this.root))[this.name];
    await Promise.all(seeds.map((seed, i) => writeFile(join(folder, String(i)), seed)));
    return folder;
  }

  #start(args: string[], tell: (progress: Progress) => void): Promise<{ code: number | null; text: string }> {
    const child = spawn(this.#binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (bytes) => {
      text += bytes;
      const progress = progressOf(text);
      if (progress) tell(progress);
      // Progress is long; a report is at its end.
      if (text.length > 200_000) text = text.slice(-100_000);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, text }));
    });
  }
}

/** What the last line of libFuzzer's that counts says. */
function progressOf(text: string): Progress | undefined {
  const last = [...text.slice(-4000).matchAll(/#(\d+)\s+\w+\s+cov: (\d+)[^\n]*corp: (\d+)/g)].at(-1);
  if (last === undefined) return undefined;
  return { executions: Number(last[1]), blocks: Number(last[2]), kept: Number(last[3]) };
}

/** The sanitizer's, libFuzzer's or the target's own words, and where it happened. */
function reportOf(text: string): string {
  const lines = text.split('\n');
  const words = lines.filter((line) => /^DEPUTY: |ERROR: /.test(line));
  const places = lines.filter((line) => /^\s+#\d+ .*(w2c_|Z_fuzzedZ_)/.test(line)).slice(0, 8);
  return [...words, ...places.map((line) => line.replace(/ 0x[0-9a-f]+ in w2c_/, ' ').trimEnd())].join('\n');
}
