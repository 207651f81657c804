import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { Wasm3Addon } from '../../../host/engine/wasm3.js';
import { findAddon } from '../../../host/platform/node/programs.js';
import { assemble } from './wat.js';

const found = findAddon();
const { load } = ('addon' in found ? found.addon : {}) as Wasm3Addon;
const start = (text: string, stackBytes = 65536, maxPages = 64) => load(assemble(text), stackBytes, maxPages);

const memory = `(memory (export "memory") 1)
  (func (export "poke") (param i32 i32) local.get 0 local.get 1 i32.store8)
  (func (export "peek") (param i32) (result i32) local.get 0 i32.load8_u)
  (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)`;

/** A full collection, and the finalizers that it queued. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// Counted as skipped with this reason where no C compiler built the addon.
const reason = 'addon' in found ? '' : ` (skipped: ${found.reason})`;
describe.skipIf(reason !== '')(`the wasm3 binding${reason}`, () => {
  test('passes 32-bit integers as WebAssembly does', () => {
    const { exports } = start(`(module
      (func (export "subtract") (param i32 i32) (result i32) local.get 0 local.get 1 i32.sub)
      (func (export "nothing")))`);
    expect(exports.subtract!(7, 9)).toBe(-2);
    expect(exports.subtract!(0x80000000, 0)).toBe(-0x80000000);
    expect(exports.subtract!(2 ** 32 + 5, 1.9)).toBe(4);
    expect(exports.subtract!(7)).toBe(7);
    expect(exports.subtract!(7, 1, 99)).toBe(6);
    expect(exports.nothing!()).toBeUndefined();
    expect(() => exports.subtract!('7' as unknown as number, 1)).toThrow('a wasm function takes numbers');
  });

  test('takes sixteen arguments, and hides functions that JavaScript numbers can not serve', () => {
    const parameters = Array.from({ length: 16 }, (_, i) => i);
    const { exports } = start(`(module
      (func (export "last") (param ${parameters.map(() => 'i32').join(' ')}) (result i32) local.get 15)
      (func (export "wide") (param i64))
      (func (export "float") (result f64) f64.const 1)
      (func (export "many") (param ${[...parameters, 16].map(() => 'i32').join(' ')}))
      (func (export "two") (result i32 i32) i32.const 1 i32.const 2))`);
    expect(exports.last!(...parameters)).toBe(15);
    expect(Object.keys(exports)).toEqual(['last']);
  });

  test('gives each name of a function that has more names than wasm3 keeps', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { exports } = start(`(module (func $f (result i32) i32.const 42)
      ${names.map((name) => `(export "${name}" (func $f))`).join(' ')})`);
    expect(names.map((name) => exports[name]!())).toEqual(names.map(() => 42));
  });

  test('gives exported constants as numbers', () => {
    const { constants } = start(`(module (global (export "SIZE") i32 (i32.const 1536))
      (global (export "LOWEST") i32 (i32.const -2147483648)) (global (export "wide") i64 (i64.const 1))
      (global (export "changing") (mut i32) (i32.const 1)))`);
    expect(constants).toEqual({ SIZE: 1536, LOWEST: -2147483648 });
  });

  test('shares its memory without a copy', () => {
    const program = start(`(module ${memory})`);
    const bytes = new Uint8Array(program.memory());
    expect(program.memory()).toBe(bytes.buffer);
    bytes[5] = 77;
    expect(program.exports.peek!(5)).toBe(77);
    program.exports.poke!(65535, 200);
    expect(bytes[65535]).toBe(200);
  });

  test('detaches the old memory when the program grows', () => {
    const program = start(`(module ${memory})`);
    const before = program.memory();
    new Uint8Array(before)[9] = 3;
    expect(program.exports.grow!(40)).toBe(1);
    expect(before.byteLength).toBe(0);
    expect(program.memory().byteLength).toBe(41 * 65536);
    expect(program.exports.peek!(9)).toBe(3);
    expect(new Uint8Array(program.memory()).subarray(10).every((byte) => byte === 0)).toBe(true);
  });

  test('holds the memory to its limit and to the module’s own', () => {
    expect(start(`(module ${memory})`, 65536, 3).exports.grow!(3)).toBe(-1);
    expect(start(`(module ${memory.replace('1)', '1 2)')})`).exports.grow!(2)).toBe(-1);
    expect(() => start('(module (memory 5))', 65536, 4)).toThrow("the module's memory exceeds the limit");
    expect(() => start('(module)', 65536, 100_000)).toThrow('maxPages at most 1024');
    expect(() => start('(module)', 64)).toThrow('stackBytes is 1024 to 1048576');
  });

  test.each([
    ['unreachable', 'unreachable', '[trap] unreachable executed'],
    ['a load beyond the memory', '(drop (i32.load (i32.const 65533)))', '[trap] out of bounds memory access'],
    [
      'a fill beyond the memory',
      '(memory.fill (i32.const 0) (i32.const 0) (i32.const -1))',
      '[trap] out of bounds memory access',
    ],
    ['a division by zero', '(drop (i32.div_u (i32.const 1) (i32.const 0)))', '[trap] integer divide by zero'],
    ['a missing element', '(call_indirect (i32.const 3))', '[trap] undefined element'],
    ['endless recursion', 'call $f', '[trap] stack overflow'],
    ['endless recursion from a loop', '(loop $l call $f br $l)', '[trap] stack overflow'],
  ])('turns %s into an exception, and runs on', (_, body, text) => {
    const { exports } = start(`(module (memory 1) (table 1 funcref)
      (func $f (export "f") ${body}) (func (export "well") (result i32) i32.const 1))`);
    for (let i = 0; i < 3; i++) {
      expect(() => exports.f!()).toThrow(expect.objectContaining({ message: text, code: 'WASM3_TRAP' }));
    }
    expect(exports.well!()).toBe(1);
  });

  test('bounds the C stack of a recursion that needs little of wasm3’s', () => {
    const loops = '(loop '.repeat(60);
    const { exports } = start(
      `(module (func $f (export "f") ${loops} call $f ${')'.repeat(60)}))`,
      1024 * 1024,
    );
    expect(() => exports.f!()).toThrow('[trap] stack overflow');
  });

  test('runs the start function once, and reports its trap', () => {
    const counting = `(module (global $n (mut i32) (i32.const 0))
      (func $s global.get $n i32.const 1 i32.add global.set $n) (start $s)
      (func (export "n") (result i32) global.get $n))`;
    const { exports } = start(counting);
    expect([exports.n!(), exports.n!()]).toEqual([1, 1]);
    expect(() => start('(module (func $s unreachable) (start $s))')).toThrow('[trap] unreachable executed');
  });

  test.each([
    ['imports', '(module (import "a" "b" (func)))', 'the module imports something'],
    ['passive data', '(module (memory 1) (data "x"))', 'the module has passive segments'],
    [
      'passive data behind active data',
      '(module (memory 1) (data (i32.const 0) "x") (data "x"))',
      'passive segments',
    ],
    ['two tables', '(module (table 1 funcref) (table 1 funcref))', 'more than one table'],
  ])('refuses a module with %s', (_, text, message) => {
    expect(() => start(text)).toThrow(message);
  });

  test('says that wasm3 knows no SIMD when the function is called', () => {
    const { exports } = start('(module (func (export "f") (drop (v128.const i32x4 1 2 3 4))))');
    expect(() => exports.f!()).toThrow(/opcode/);
  });

  test('refuses bytes that are no module', () => {
    const whole = assemble(`(module ${memory})`);
    for (let length = 0; length < whole.length; length++) {
      // Eight bytes are the empty module; every section boundary is a valid end too.
      const part = whole.subarray(0, length);
      if (WebAssembly.validate(part as Uint8Array<ArrayBuffer>)) continue;
      expect(() => load(part, 65536, 64)).toThrow('not a valid wasm module');
    }
    expect(() => load('no' as unknown as Uint8Array, 65536, 64)).toThrow(TypeError);
    expect(() => (load as unknown as () => void)()).toThrow(TypeError);
  });

  test('is safe after close', () => {
    const program = start(`(module ${memory})`);
    const buffer = program.memory();
    program.close();
    program.close();
    expect(buffer.byteLength).toBe(0);
    expect(() => program.exports.peek!(0)).toThrow(expect.objectContaining({ code: 'WASM3_CLOSED' }));
    expect(() => program.memory()).toThrow('this wasm program was closed');
  });

  test('keeps many instances apart, and frees those that nobody holds', async () => {
    const wasm = assemble(`(module ${memory.replace('1)', '16)')})`);
    const resident = async () => {
      await collect();
      return process.memoryUsage().rss;
    };
    const some = Array.from({ length: 40 }, (_, i) => {
      const program = load(wasm, 65536, 64);
      program.exports.poke!(i, i + 1);
      return program;
    });
    expect(some.map((program, i) => program.exports.peek!(i))).toEqual(some.map((_, i) => i + 1));
    expect(some[1]!.exports.peek!(0)).toBe(0);

    const before = await resident();
    for (let i = 0; i < 400; i++) {
      new Uint8Array(load(wasm, 65536, 64).memory()).fill(1);
      if (i % 50 === 0) await collect();
    }
    expect((await resident()) - before).toBeLessThan(200 * 2 ** 20);
  });

  test('lets a memory outlive its program, and a function the rest', async () => {
    let program: ReturnType<typeof start> | undefined = start(`(module ${memory})`);
    program.exports.poke!(1, 11);
    const bytes = new Uint8Array(program.memory());
    program = undefined;
    await collect();
    expect(bytes[1]).toBe(11);
    const { peek } = start(`(module ${memory})`).exports;
    await collect();
    expect(peek!(1)).toBe(0);
  });

  test('runs in worker threads, and ends with them', async () => {
    const code = `const { workerData, parentPort } = require('node:worker_threads');
      const program = require(workerData.file).load(workerData.wasm, 65536, 64);
      program.memory(); program.exports.poke(3, 4);
      parentPort.postMessage(program.exports.peek(3));`;
    const file = process.env.DEPUTY_WASM3 ?? new URL('../../../build/wasm3.node', import.meta.url).pathname;
    const wasm = assemble(`(module ${memory})`);
    const answers = [1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, { eval: true, workerData: { file, wasm } });
          let answer: unknown;
          worker.on('message', (value) => {
            answer = value;
          });
          worker.on('error', reject);
          worker.on('exit', (status) =>
            status === 0 ? resolve(answer) : reject(new Error(`status ${status}`)),
          );
        }),
    );
    expect(await Promise.all(answers)).toEqual([4, 4, 4]);
  });
});
