import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tune } from '../../../boards/parts/tune.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { assemble } from '../node/wat.js';

/** How many bytes the pass adds to a function of two i32 parameters and this body: two for each tee that it splits. */
function growth(body: string): number {
  const wasm = assemble(`(module (memory 1) (func (export "f") (param i32 i32) (result i32) ${body}))`);
  const split = tune(wasm);
  expect(WebAssembly.validate(split as Uint8Array<ArrayBuffer>)).toBe(true);
  return split.length - wasm.length;
}

const TEE = 'local.get 0 i32.const 5 i32.add local.tee 0';

test.each([
  ['an operation on it alone', `${TEE} i32.eqz`],
  ['an operation with a local', `${TEE} local.get 1 i32.xor`],
  ['an operation with a constant', `${TEE} i32.const 7 i32.rotl`],
  ['the last operand of an operation', `local.get 1 ${TEE} i32.sub`],
  ['a store of a local at its address', `${TEE} local.get 1 i32.store local.get 1`],
  ['a store of it', `local.get 1 ${TEE} i32.store local.get 1`],
  ['the end of the function', TEE],
])('a tee stays where its value goes at once into %s', (_, body) => {
  expect(growth(body)).toBe(0);
});

test.each([
  ['an operation on other locals', `${TEE} local.get 1 local.get 1 i32.mul i32.add`],
  ['a load', `${TEE} local.get 1 i32.load i32.add`],
  ['a call', `${TEE} local.get 1 call 0`],
])('a tee is split where %s comes between', (_, body) => {
  expect(growth(body)).toBe(2);
});

test.each([0, 1, 5, 31, 32, 63, -1])('an i32 turned left by %i comes out turned right', async (count) => {
  const body = `local.get 0 i32.const ${count} i32.rotl`;
  const wasm = assemble(`(module (memory (export "memory") 1)
    (func (export "f") (param i32) (result i32) ${body}))`);
  const tuned = tune(wasm);
  expect(tuned.includes(0x77)).toBe(false);
  const [before, after] = [await loadV8(wasm), await loadV8(tuned)];
  for (const word of [1, 0x12345678, -2, -0x80000000])
    expect(after.exports.f!(word)).toBe(before.exports.f!(word));
});

test('a turn by what is not a constant stays', () => {
  const body = '(func (param i32 i32) (result i32) local.get 0 local.get 1 i32.rotl)';
  expect(tune(assemble(`(module ${body})`)).includes(0x77)).toBe(true);
});

// Every kind of immediate that stands between the tees of a function, and a tee in each kind of block.
const EVERYTHING = `(module
  (memory (export "memory") 1) (table funcref (elem $f)) (global $g (mut i64) (i64.const -9223372036854775808))
  (data (i32.const 8) "\\22\\22\\22\\22\\22\\22\\22\\22")
  (func $f (export "f") (param i32 i32) (result i32) (local i32 i64 f32 f64)
    f32.const 34.25 local.set 4 f64.const -0.0078125 local.set 5
    i64.const 0x2222222222222222 local.tee 3 global.get $g local.get 3 i64.mul i64.xor global.set $g
    block loop local.get 2 i32.const 1 i32.add local.tee 2 local.get 0 local.get 2 i32.mul i32.add local.set 1
      local.get 2 i32.const 34 i32.lt_s br_if 0 end end
    local.get 0 i32.const 3 i32.and local.tee 2 local.get 1 local.get 2 i32.sub i32.mul
    block (result i32) local.get 1 local.get 0 i32.const 3 i32.and br_table 0 1 0 0 end
    i32.xor)
  (func (export "g") (param i32 i32) (result i32) (local i32)
    local.get 0 i32.const 255 i32.and local.tee 2 local.get 1 i32.store8 offset=34 align=1
    local.get 1 i32.const 1 i32.and if (result i32)
      local.get 0 i32.const 34 i32.mul local.tee 0 local.get 1 local.get 2 i32.add i32.xor
    else
      local.get 2 local.tee 0 local.get 0 local.get 1 i32.const 0 call_indirect (param i32 i32) (result i32) i32.add
    end
    i32.const 64 i32.const 8 i32.const 4 memory.copy i32.const 80 i32.const 34 i32.const 3 memory.fill
    local.get 2 i32.load8_u offset=34 i32.add i32.extend8_s memory.size i32.add local.get 0 i32.add
    global.get $g i32.wrap_i64 i32.add f64.const 34.5 i32.trunc_sat_f64_s i32.add))`;

test('a split program computes what it computed', async () => {
  const wasm = assemble(EVERYTHING);
  const split = tune(wasm);
  expect(split.length).toBeGreaterThan(wasm.length);
  const [before, after] = [await loadV8(wasm), await loadV8(split)];
  const word = fc.integer();
  fc.assert(
    fc.property(fc.constantFrom('f', 'g'), word, fc.nat(60_000), (name, a, b) => {
      expect(after.exports[name]!(a, b)).toBe(before.exports[name]!(a, b));
    }),
  );
  expect(Buffer.compare(after.memory(), before.memory())).toBe(0);
});

test('what was split once is not split again', () => {
  const once = tune(assemble(EVERYTHING));
  expect(tune(once)).toEqual(once);
});

test('the built primitives went through it', async () => {
  const wasm = await readFile(new URL('../../../build/primitives.wasm', import.meta.url));
  expect(tune(wasm).length).toBe(wasm.length);
});

test('an instruction that wasm3 has not is refused by name of its opcode', () => {
  const simd = assemble('(module (func (result v128) v128.const i32x4 1 2 3 4))');
  expect(() => tune(simd)).toThrow('opcode 0xfd');
});
