// Runs scripts under valgrind's memcheck, with the program as C or under wasm3, and tells what was found in each case.
import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingTranslator, translate, translationDefines } from '../../boards/aot/translate.js';
import { wasm3Sources, wasm3Units } from '../../boards/parts/wasm3.mjs';
import { compileVariant } from '../assembly/variant.js';

/** All primitives, and two that leak. */
const watched = {
  entry: `export * from "./primitives";
export function plantedLookup(table: usize, index: usize): i32 { return load<u8>(table + load<u8>(index)); }
export function plantedBranch(secret: usize): i32 { return load<u8>(secret) & 1 ? load<u8>(secret, 1) : 7; }
`,
};

export async function missingTools(): Promise<string | undefined> {
  const translator = missingTranslator();
  if (translator !== undefined) return translator;
  const there = await readFile('/usr/include/valgrind/memcheck.h').catch(() => undefined);
  return there === undefined ? "valgrind is not installed: it is in Debian's package valgrind" : undefined;
}

const sources = (root: string, ...files: string[]) => files.map((file) => join(root, 'test/secrets/c', file));

export interface Drivers {
  compiled: string[];
  interpreted: string[];
}

/** Builds both drivers in `folder`; gives the commands that run them. */
export async function buildDrivers(root: string, folder: string): Promise<Drivers> {
  await mkdir(folder, { recursive: true });
  const wasm = join(folder, 'watched.wasm');
  await compileVariant(root, watched, wasm);
  const { functions, source } = translate(wasm, folder, 'watched', { names: true });
  const calls = [...functions]
    .filter(([, { parameters }]) => parameters.every((type) => type === 'u32'))
    .map(([name, { symbol, parameters, result }]) => {
      const call = `${symbol}(${['&program', ...parameters.map((_, i) => `a[${i}]`)].join(', ')})`;
      return `CALL("${name}", ${parameters.length}, ${result === 'u32' ? `result = ${call}` : `(void)${call}`})`;
    });
  await writeFile(join(folder, 'calls.h'), `${calls.join('\n')}\n`);
  const run = promisify(execFile);
  // No function of the C is put into another: an error then has the name of where it is. And no loop counts in a sum of its
  // counter and a secret, from which the counter is taken back: that is no leak, but memcheck can't know.
  const compiler = ['-g', '-w', '-O2', '-fno-inline', '-fno-ivopts', `-I${folder}`];
  const compiled = join(folder, 'compiled');
  const drivers = sources(root, 'driver.c', 'compiled.c');
  const interpreted = join(folder, 'interpreted');
  const wasm3 = wasm3Sources();
  await Promise.all([
    run('gcc', [...compiler, ...translationDefines, source, ...drivers, '-o', compiled, '-lm']),
    run('gcc', [
      ...['-g', '-w', '-O3', '-fno-strict-aliasing', '-fomit-frame-pointer', `-I${wasm3}`],
      ...wasm3Units.map((unit) => join(wasm3, unit)),
      ...sources(root, 'driver.c', 'interpreted.c'),
      ...['-o', interpreted, '-lm'],
    ]),
  ]);
  return { compiled: [compiled], interpreted: [interpreted, wasm] };
}

export interface Watched {
  /** By case: how often a branch or an address depended on a secret. */
  errors: Map<string, number>;
  /** By case: the functions that did so first, without the module's prefix. */
  functions: Map<string, Set<string>>;
}

/** Runs a script. `names` are its cases in order. Throws where the driver stops. */
export async function watch(
  command: string[],
  script: string,
  names: string[],
  folder: string,
): Promise<Watched> {
  const report = join(folder, `memcheck-${process.pid}.xml`);
  const options = ['--xml=yes', `--xml-file=${report}`, '--error-limit=no', '--leak-check=no'];
  const { code, out, err } = await valgrind([...options, '--max-stackframe=16000000', ...command], script);
  if (code !== 0) throw new Error(`the driver ended with ${code}: ${err}`);
  const counts = out.split('\n').filter((line) => line.startsWith('errors '));
  if (counts.length !== names.length) throw new Error(`${names.length} cases gave ${counts.length} counts`);
  const errors = new Map(names.map((name, i) => [name, Number(counts[i]?.slice(7))]));
  const functions = functionsOf(await readFile(report, 'utf8'));
  await rm(report);
  return { errors, functions };
}

function functionsOf(xml: string): Watched['functions'] {
  const found: Watched['functions'] = new Map();
  let name = '';
  for (const [, marked, error] of xml.matchAll(/CASE (\S+)|<error>([\s\S]*?)<\/error>/g)) {
    if (marked !== undefined) name = marked;
    const place = /<fn>([^<]+)<\/fn>/g;
    const frames = [...(error ?? '').matchAll(place)].map(([, frame = '']) => frame);
    const own = frames.find((frame) => /^(w2c_|op_)/.test(frame)) ?? frames[0];
    if (own === undefined) continue;
    const named = own.replace(/^w2c_(assembly_)?/, '').replace(/_\d+$/, '');
    found.set(name, (found.get(name) ?? new Set()).add(named));
  }
  return found;
}

function valgrind(args: string[], input: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn('valgrind', args);
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    err += bytes;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
