// The operations that boards/parts/wasm3 gives the interpreter on 32-bit ARM do what those of wasm3 as released do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Plan, runPlan } from '../../../boards/bench/plan.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { assemble } from '../node/wat.js';
import { randomModule } from './programs.js';

const folder = mkdtempSync(join(tmpdir(), 'deputy-operations-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function saved(text: string): string {
  const file = join(folder, `${files++}.wasm`);
  writeFileSync(file, assemble(text));
  return file;
}

/** Pseudo-random numbers below what is asked. */
function numbers(seed: number) {
  let state = BigInt(seed);
  return (below: number) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 33n) % below;
  };
}

const FUNCTIONS = 40;
const INPUTS = [0, 1, -1, 0x7fffffff, -0x80000000, 31, 32, 33, 63, 0x5a17c3, -12345];

// Accesses with the bytes they take.
const ACCESSES: readonly (readonly [name: string, bytes: number])[] = [
  ...(['i32.load8_s', 'i32.load8_u', 'i64.load8_u', 'i32.store8'] as const).map((name) => [name, 1] as const),
  ...(['i32.load16_s', 'i32.load16_u', 'i32.store16'] as const).map((name) => [name, 2] as const),
  ...(['i32.load', 'i64.load32_u', 'i32.store', 'i64.store32'] as const).map((name) => [name, 4] as const),
  ...(['i64.load', 'i64.store'] as const).map((name) => [name, 8] as const),
];
const FORMS = 4;

/** Each access by an address in a slot and in the accumulator, of a value in either or with the result set or not. */
function accesses(offset: number): string {
  const functions = ACCESSES.flatMap(([name]) => {
    const type = name.slice(0, 3);
    return ['(local.get 0)', '(i32.add (local.get 0) (i32.const 0))'].flatMap((address, a) => {
      const access = `${name} offset=${offset} ${address}`;
      const [plain, other] = name.includes('store')
        ? [
            `(${access} (${type}.const 1))`,
            `(${access} (${type}.add (${type}.const 1) (local.get $${type})))`,
          ]
        : [`(drop (${access}))`, `(local.set $${type} (${access}))`];
      return [plain, other].map(
        (body, b) =>
          `(func (export "${name}${2 * a + b}") (param i32) (local $i32 i32) (local $i64 i64) ${body})`,
      );
    });
  });
  return `(module (memory 1) ${functions.join('\n')})`;
}

// One with unaligned loads in hardware, in Thumb; one without, in ARM code.
for (const name of ['mps2-an500', 'palm-tungsten-e']) {
  const board = await findBoard(name);
  const absent = missingTools(board);

  describe.skipIf(absent)(
    `${board.title}${absent ? ` (skipped: ${absent})` : ''}`,
    { timeout: 300_000 },
    () => {
      test('computes the same in random programs', () => {
        const compute = (seed: number, tuned: boolean) => {
          const next = numbers(seed);
          const file = saved(randomModule(FUNCTIONS, next));
          const results: number[] = [];
          const plan = new Plan().program(file);
          for (let i = 0; i < FUNCTIONS; i++)
            for (const a of INPUTS)
              plan.result((value: number) => results.push(value), `f${i}`, a, INPUTS[next(INPUTS.length)]!);
          plan.show((memory) => results.push(...memory), 0, 1600);
          runPlan(board, plan, { tuned });
          return results;
        };
        fc.assert(
          fc.property(fc.nat(), (seed) => {
            expect(compute(seed, true)).toEqual(compute(seed, false));
          }),
          { numRuns: 8 },
        );
      });

      test('lets every access reach the last byte', () => {
        for (const offset of [0, 5000]) {
          const plan = new Plan().program(saved(accesses(offset)));
          for (const [access, bytes] of ACCESSES)
            for (let form = 0; form < FORMS; form++) plan.call(`${access}${form}`, 65536 - offset - bytes);
          runPlan(board, plan);
        }
      });

      test.each([
        ['one byte beyond', 0, (bytes: number) => 65537 - bytes],
        ['across the end of the addresses', 0, (bytes: number) => 1 - bytes || -1],
        ['around the end of the addresses, by its offset', 0xffffffff, () => 1],
        ['to the end of the addresses, by its offset', 0xfffffffe, () => 1],
      ])('traps %s', (_, offset, address) => {
        const file = saved(accesses(offset));
        // A trap ends the run, so the forms take turns.
        for (const [i, [access, bytes]] of ACCESSES.entries()) {
          const plan = new Plan().program(file).call(`${access}${(i + files) % FORMS}`, address(bytes));
          expect(() => runPlan(board, plan), access).toThrow('out of bounds memory access');
        }
      });
    },
  );
}
