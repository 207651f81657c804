import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tune } from '../../../boards/parts/tune.js';
import { loadV8 } from '../../../host/engine/v8.js';
import { assemble } from '../node/wat.js';

const module = (body: string) =>
  assemble(`(module (memory (export "memory") 1)
    (func (export "f") (param i32 i32) (result i32) (local i32 i64) ${body}))`);
/** Bytes that the pass adds: two for each local of its own that a value gets. */
const growth = (body: string) => tune(module(body)).length - module(body).length;

const OVERWRITTEN = 'local.get 0 local.get 1 i32.const 5 i32.add local.tee 0 local.get 1 i32.xor';

test.each([
  ['by a tee', `${OVERWRITTEN} local.set 0 local.get 0 i32.sub`],
  ['by a set', `${OVERWRITTEN} local.tee 0 local.get 0 i32.mul i32.sub`],
])('a value that waits while its local is overwritten %s makes room for a local', (_, body) => {
  expect(growth(body)).toBe(2);
});

test.each([
  ['the new value is the last', `${OVERWRITTEN} i32.sub`],
  ['a branch comes before the next', `${OVERWRITTEN} if nop end local.get 0 local.set 0`],
  ['nothing waits', 'local.get 1 i32.const 5 i32.add local.tee 0 local.set 0 local.get 0'],
])('no local is added where %s', (_, body) => {
  expect(growth(body)).toBe(0);
});

test('one local serves values that follow each other', () => {
  const twice = `${OVERWRITTEN} local.set 0 local.get 0 i32.sub local.set 1 `;
  expect(growth(`${twice} ${twice} local.get 1`)).toBe(2);
});

test('programs of random sets, tees and blocks compute what they computed', async () => {
  const local = fc.integer({ min: 0, max: 2 });
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      local.map((i) => `local.get ${i}`),
      fc.tuple(local, tie('value')).map(([i, v]) => `${v} local.tee ${i}`),
      fc
        .tuple(fc.constantFrom('add', 'sub', 'xor', 'mul', 'lt_s'), tie('value'), tie('value'))
        .map(([operation, a, b]) => `${a} ${b} i32.${operation}`),
      fc.tuple(tie('value'), local, tie('value')).map(([a, i, b]) => `${a} ${b} local.set ${i}`),
      fc.tuple(tie('value'), local).map(([a, i]) => `${a} local.get ${i} if local.get 1 local.set 0 end`),
      tie('value').map((a) => `${a} i64.extend_i32_s local.tee 3 local.get 3 i64.mul i32.wrap_i64`),
    ),
  }));
  let separated = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { minLength: 1, maxLength: 6 }),
      fc.integer(),
      fc.integer(),
      async (parts, a, b) => {
        const wasm = module(`${parts.map((part, i) => `${part} local.set ${i % 3}`).join(' ')}
        local.get 0 local.get 1 i32.const 3 i32.mul i32.add local.get 2 i32.xor`);
        const tuned = tune(wasm);
        if (tuned.length > wasm.length) separated++;
        const [before, after] = [await loadV8(wasm), await loadV8(tuned)];
        expect(after.exports.f!(a, b)).toBe(before.exports.f!(a, b));
      },
    ),
    { numRuns: 300 },
  );
  expect(separated).toBeGreaterThan(20);
});
