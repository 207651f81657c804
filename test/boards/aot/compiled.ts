// A wasm program compiled ahead of time into a program of this machine, and what V8 makes of the same calls.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compiledIn } from '../../../boards/aot/compiled_in.js';
import { runtimeHeaders } from '../../../boards/aot/translate.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const compiler = process.env.CC ?? 'gcc';

/** So that two copies of the program that differ in nothing else lie in different files. */
let programs = 0;

export type Call = readonly [name: string, ...values: number[]];

export interface Compiled {
  sha256: string;
  /** An answer a line. Anything that a sanitizer says rejects. */
  run(lines: readonly string[]): Promise<string[]>;
}

/** Compiles `wasm` in, under AddressSanitizer and UndefinedBehaviorSanitizer. */
export async function compile(wasm: Uint8Array, folder: string): Promise<Compiled> {
  const file = join(folder, `${++programs}.wasm`);
  writeFileSync(file, wasm);
  const { source, sha256 } = compiledIn(file);
  const program = join(folder, `${programs}`);
  await promisify(execFile)(compiler, [
    ...['-std=gnu11', '-O1', '-g', '-fno-strict-aliasing', '-fsanitize=address,undefined'],
    '-fno-sanitize-recover=undefined',
    ...['-I', join(root, 'boards/aot'), '-I', join(root, 'boards/common'), '-isystem', runtimeHeaders],
    ...[join(root, 'boards/aot/program.c'), source, join(root, 'test/boards/aot/c/calls.c')],
    ...['-I', dirname(source), '-o', program, '-lm'],
  ]);
  const hash = sha256.toString('hex');
  return { sha256: hash, run: (lines) => answers(program, [`again ${hash}`, ...lines]) };
}

async function answers(program: string, lines: readonly string[]): Promise<string[]> {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: Buffer[][] = [[], []];
  child.stdout.on('data', (bytes) => out!.push(bytes));
  child.stderr.on('data', (bytes) => err!.push(bytes));
  child.stdin.end(`${lines.join('\n')}\n`);
  const [status] = await once(child, 'close');
  if (status !== 0 || err!.length > 0) throw new Error(`status ${status}: ${Buffer.concat(err!)}`);
  const [first, ...rest] = Buffer.concat(out!).toString().trimEnd().split('\n');
  if (first !== 'loaded') throw new Error(first);
  return rest;
}

/** The same calls under V8: a number, or `[trap]`. */
export function underV8(wasm: Uint8Array, calls: readonly Call[]): string[] {
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module);
  return calls.map(([name, ...values]) => {
    try {
      return `${(exports[name] as (...values: number[]) => number)(...values) ?? 0}`;
    } catch {
      return '[trap]';
    }
  });
}
