// This machine in the place of a board: the same plans on wasm3 compiled for it, counted by Valgrind.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bearssl } from '../parts/bearssl.js';
import { wasm3Pin, wasm3Sources, wasm3Units } from '../parts/wasm3.mjs';
import { build, built, objects } from './compiled.js';

const boards = fileURLToPath(new URL('..', import.meta.url));

export const name = 'wasm3';
export const title = `this machine, ${process.arch}`;
export const unit = 'instructions (Valgrind), not cycles';
export const interpreter = `wasm3 ${wasm3Pin.version} as released, gcc -O3`;

/** What is absent for this, undefined where nothing is. */
export function missing(): string | undefined {
  const absent = ['gcc', 'valgrind'].filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  return absent.length > 0 ? `${absent.join(' and ')} not found` : undefined;
}

const own = ['bench.c', 'machine.c'].map((file) => join(boards, 'bench', file));
const includes = () => [wasm3Sources(), join(boards, 'common'), join(boards, 'bench')];

/** The executable that runs plans, on wasm3 or `native` on BearSSL. */
export function runner({ native = false } = {}): string {
  if (native) {
    const { files, include } = bearssl();
    const peers = ['native.c', 'peers/bearssl.c'].map((file) => join(boards, 'bench', file));
    // Addresses must fit the 32 bits of a plan's numbers: no position-independent code.
    return compiled('native', [...own, ...peers, ...files], [...includes(), ...include], {
      compile: ['-O2', '-w', '-fno-pie'],
      link: ['-static', '-no-pie'],
    });
  }
  const interpreter = wasm3Units.map((unit) => join(wasm3Sources(), unit));
  const common = ['module.c', 'program.c'].map((file) => join(boards, 'common', file));
  const settings = ['-Dd_m3MaxConstantTableSize=120', '-Dd_m3MaxFunctionStackHeight=512'];
  return compiled('bench', [...own, ...common, ...interpreter], includes(), {
    compile: ['-O3', '-fno-strict-aliasing', ...settings],
    link: ['-lm'],
  });
}

function compiled(
  program: string,
  files: readonly string[],
  folders: readonly string[],
  { compile, link }: { compile: readonly string[]; link: readonly string[] },
): string {
  const flags = ['-std=gnu11', '-DNDEBUG', ...compile, ...folders.map((folder) => `-I${folder}`)];
  return built(join(build, 'machine', program), [
    ['gcc', [...flags, '-c', ...files], files],
    ['gcc', [...objects(files), ...link, '-o', 'output'], []],
  ]);
}

// Function of bench.c whose calls are counted.
const COUNTED = 'counted';

/**
 * Runs a plan. Valgrind tells the instructions of all counted calls together: that is what the plan's last count says,
 * the others say 0.
 */
export function execute(executable: string, file: string, folder: string, { timeout }: { timeout: number }) {
  const out = join(folder, 'callgrind.out');
  const tool = ['--tool=callgrind', `--toggle-collect=${COUNTED}`, `--callgrind-out-file=${out}`, '-q'];
  const run = spawnSync('valgrind', [...tool, executable, file], {
    encoding: 'utf8',
    timeout,
    maxBuffer: 2 ** 28,
  });
  if (run.error) throw run.error;
  const total = /^(?:summary|totals): (\d+)/m.exec(readFileSync(out, 'utf8'))?.[1];
  const lines = run.stdout.split('\n');
  const last = lines.findLastIndex((line) => line.startsWith('count '));
  if (last >= 0 && total !== undefined) lines[last] = `count ${total}`;
  return { status: run.status, stdout: lines.join('\n'), stderr: run.stderr };
}
