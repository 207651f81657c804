// @ts-check
// Compiles the N-API binding of wasm3 into build/wasm3.node, with the system's C compiler and nothing else.
//
// Runs at install time, so it never fails an installation: without a compiler it says so in one line, leaves the reason
// in build/wasm3.failed, and the engine falls back to the WebAssembly implementation of Node itself. `--sanitize` builds build/wasm3-asan.node for the tests
// and does fail.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wasm3Headers, wasm3Sources, wasm3Units } from '../parts/wasm3.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const build = fileURLToPath(new URL('../../build', import.meta.url));

const own = ['wasm3.c', 'instance.c', '../common/module.c'];
const flags = [
  // A code page of 4 KiB instead of 32: a program of few functions stays small, as on a board.
  '-Dd_m3CodePageAlignSize=4096',
  '-Dd_m3MaxLinearMemoryPages=1024',
  '-DNDEBUG',
  '-fPIC',
  '-fvisibility=hidden',
  '-fomit-frame-pointer',
  '-fno-stack-protector',
  // wasm3 puns types through its slots.
  '-fno-strict-aliasing',
];

function compiler() {
  const candidates = process.env.CC ? [process.env.CC] : ['gcc', 'cc', 'clang'];
  for (const name of candidates) {
    const version = spawnSync(name, ['--version'], { encoding: 'utf8' });
    if (version.status === 0) return { name, version: version.stdout };
  }
  return undefined;
}

/**
 * All that the result depends on; the build is skipped where the last one had the same.
 * @param {string} sources
 * @param {readonly string[]} command
 * @param {string} version
 */
function fingerprint(sources, command, version) {
  const hash = createHash('sha256').update(JSON.stringify([command, version, process.arch]));
  for (const name of [...wasm3Units, ...wasm3Headers]) hash.update(readFileSync(join(sources, name)));
  for (const name of [...own, 'instance.h', '../common/module.h'])
    hash.update(readFileSync(join(here, name)));
  return hash.digest('hex');
}

/** Builds where needed. Returns { file, built }, or { reason } where it can't. */
export function buildBinding({ sanitize = false } = {}) {
  const cc = compiler();
  if (!cc) return { reason: 'no C compiler found (gcc, cc, clang or $CC)' };
  const name = sanitize ? 'wasm3-asan' : 'wasm3';
  const file = join(build, `${name}.node`);
  const stamp = join(build, `${name}.stamp`);
  let sources;
  try {
    sources = wasm3Sources();
  } catch (error) {
    return { reason: messageOf(error) };
  }
  const include = createRequire(import.meta.url)('node-api-headers').include_dir;
  const command = [
    ...(sanitize ? ['-O2', '-g', '-fsanitize=address'] : ['-O3']),
    ...flags,
    ...(process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    `-I${include}`,
    `-I${sources}`,
    `-I${join(here, '../common')}`,
    ...own.map((unit) => join(here, unit)),
    ...wasm3Units.map((unit) => join(sources, unit)),
    '-lm',
  ];
  const print = fingerprint(sources, command, cc.version);
  if (existsSync(file) && existsSync(stamp) && readFileSync(stamp, 'utf8') === print)
    return { file, built: false };

  mkdirSync(build, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  const run = spawnSync(cc.name, [...command, '-o', unfinished], { encoding: 'utf8' });
  if (run.status !== 0) {
    rmSync(unfinished, { force: true });
    const first = `${run.stderr}`.split('\n').find((line) => line.includes('error')) ?? run.error?.message;
    return { reason: `${cc.name} failed: ${first ?? `status ${run.status}`}` };
  }
  renameSync(unfinished, file);
  writeFileSync(stamp, print);
  return { file, built: true };
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * What the engine tells where it falls back. A folder that can't be written costs no more than that.
 * @param {string} file
 * @param {string} reason
 */
function keepReason(file, reason) {
  try {
    mkdirSync(build, { recursive: true });
    writeFileSync(file, `${reason}\n`);
  } catch {}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sanitize = process.argv.includes('--sanitize');
  let result;
  try {
    result = buildBinding({ sanitize });
  } catch (error) {
    result = { reason: messageOf(error) };
  }
  const failed = join(build, 'wasm3.failed');
  if (!sanitize) rmSync(failed, { force: true });
  if (result.reason) {
    console.log(`wasm3 was not built, Deputy will use V8 instead: ${result.reason}`);
    if (sanitize) process.exitCode = 1;
    else keepReason(failed, result.reason);
  }
}
