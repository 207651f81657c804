import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assemble } from './wat.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'deputy-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

// No loops: a mutation must not make a program that never ends. Everything else that the compiler of wasm3 handles.
const straight = `(module
  (type $t (func (param i32) (result i32)))
  (memory (export "memory") 1 3)
  (table 2 funcref)
  (global $g (mut i32) (i32.const 7))
  (elem (i32.const 0) $twice $grow)
  (data (i32.const 16) "some bytes of data")
  (func $twice (export "twice") (type $t) local.get 0 i32.const 1 i32.shl)
  (func $grow (export "grow") (type $t) local.get 0 i32.const 3 i32.and memory.grow)
  (func (export "indirect") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.const 1 i32.and call_indirect (type $t))
  (func (export "branch") (param i32) (result i32) (local i64 f64)
    (block $a (result i32) (block $b (block $c
      local.get 0 i32.const 3 i32.and br_table $b $c $b)
      i32.const 5 br $a)
    local.get 0 i64.extend_i32_u i64.const -9 i64.mul local.set 1
    local.get 1 f64.convert_i64_s local.tee 2 i32.trunc_sat_f64_s global.get $g i32.add))
  (func (export "copy") (param i32 i32 i32)
    local.get 0 local.get 1 local.get 2 memory.copy
    local.get 1 local.get 0 i32.load offset=4 i32.store8)
  (func (export "choose") (param i32 i32) (result i32)
    local.get 0 local.get 1 local.get 0 select
    (if (result i32) (then local.get 1 i32.clz) (else global.get $g i32.const 3 i32.rotl))))`;

const library = () => execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
const sanitizer = spawnSync('gcc', ['--version']).status === 0 && library().startsWith('/');

beforeAll(() => {
  if (sanitizer) execFileSync(process.execPath, [here('../../../boards/node/build.mjs'), '--sanitize']);
  writeFileSync(join(folder, 'straight.wasm'), assemble(straight));
}, 120_000);

// Skipped where gcc or its address sanitizer is absent: without it a stray read would pass unseen.
test.skipIf(!sanitizer)(
  'broken modules harm no memory (address sanitizer)',
  () => {
    // Alone under the sanitizer: what reads TypeScript is not.
    const program = join(folder, 'fuzz.mjs');
    buildSync({ entryPoints: [here('fuzz.ts')], outfile: program, format: 'esm', platform: 'node' });
    const run = spawnSync(
      process.execPath,
      [program, here('../../../build/wasm3-asan.node'), '20261123', '20000', join(folder, 'straight.wasm')],
      {
        encoding: 'utf8',
        // Node itself keeps memory to its end; use-after-free and overflows are what is looked for.
        env: { ...process.env, LD_PRELOAD: library(), ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=0' },
        timeout: 100_000,
      },
    );
    expect(run.stderr).not.toContain('AddressSanitizer');
    expect(run.status).toBe(0);
    const counts = JSON.parse(run.stdout) as Record<string, number>;
    console.log(`broken modules: ${run.stdout.trim()}`);
    expect(counts.loaded).toBeGreaterThan(1000);
    expect(counts.invalid).toBeGreaterThan(1000);
  },
  120_000,
);
