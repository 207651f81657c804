// A program that was compiled ahead of time stays in its sandbox: each rule of WebAssembly that it breaks is a trap with a
// text, the program goes on after it, and what it computes is what V8 computes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inSandbox } from '../../../boards/aot/compiled_in.js';
import { missingTranslator } from '../../../boards/aot/translate.js';
import { assemble } from '../node/wat.js';
import { randomModule } from '../parts/programs.js';
import { type Call, type Compiled, compile, underV8 } from './compiled.js';

const missing = missingTranslator();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deputy-aot-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OUT_OF_BOUNDS = '[trap] out of bounds memory access';

// Each access, with no offset and with one, as a function of the address.
const ACCESSES = [
  ...['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u'].map((name) => `i32.${name}`),
  ...['load', 'load8_s', 'load16_u', 'load32_s', 'load32_u'].map((name) => `i64.${name}`),
  ...['i32.store', 'i32.store8', 'i32.store16', 'i64.store', 'i64.store8', 'i64.store16', 'i64.store32'],
];
const OFFSETS = [0, 1, 7, 65_535, 65_536, 70_000, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff];

function access(name: string, offset: number, index: number): string {
  const [type] = name.split('.');
  const place = `offset=${offset} (local.get 0)`;
  const body = name.includes('store')
    ? `(${name} ${place} (${type}.const 0x5a5a)) (i32.const 1)`
    : type === 'i64'
      ? `(i32.wrap_i64 (${name} ${place}))`
      : `(${name} ${place})`;
  return `(func (export "a${index}") (param i32) (result i32) ${body})`;
}

const PROGRAM = assemble(`(module
  (memory (export "memory") 1 3)
  (global (export "SEVEN") i32 (i32.const 7))
  (data (i32.const 65530) "abcdef")
  ${ACCESSES.flatMap((name, i) => OFFSETS.map((offset, j) => access(name, offset, i * OFFSETS.length + j))).join('\n')}
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "pages") (result i32) (memory.size))
  (func (export "fill") (param i32 i32) (result i32)
    (memory.fill (local.get 0) (i32.const 9) (local.get 1)) (i32.const 1))
  (func (export "copy") (param i32 i32 i32) (result i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)) (i32.const 1))
  (func (export "unreachable") (result i32) unreachable)
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "remainder") (param i32 i32) (result i32) (i32.rem_u (local.get 0) (local.get 1)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "wide") (param i64) (result i64) (local.get 0))
)`);

describe.skipIf(missing !== undefined)(
  `the sandbox of compiled programs${missing ? ` (${missing})` : ''}`,
  () => {
    let program: Compiled;
    beforeAll(async () => {
      program = await compile(PROGRAM, folder);
    });
    const run = (calls: readonly Call[]) => program.run(calls.map((call) => call.join(' ')));
    const withoutText = (answer: string) => (answer.startsWith('[trap]') ? '[trap]' : answer);

    test('an access traps where it traps under V8, at every width and offset, and gives the same where not', async () => {
      const addresses = [
        0, 1, 8, 65_528, 65_529, 65_532, 65_533, 65_534, 65_535, 65_536, -1, -8, -65_536, 0x7fff_ffff,
      ];
      const calls = ACCESSES.flatMap((_, i) =>
        OFFSETS.flatMap((__, j) => addresses.map((at): Call => [`a${i * OFFSETS.length + j}`, at])),
      );
      const here = await run(calls);
      expect(here.map(withoutText)).toEqual(underV8(PROGRAM, calls));
      expect(new Set(here.filter((answer) => answer.startsWith('[trap]')))).toEqual(new Set([OUT_OF_BOUNDS]));
    });

    test('ranges are filled and copied inside memory alone', async () => {
      const [most] = [65_536];
      const calls: Call[] = [
        ...[0, 1, most - 1, most, most + 1, -1].flatMap((at): Call[] =>
          [0, 1, most, -1].map((n) => ['fill', at, n]),
        ),
        ...[0, most, -1].flatMap((to): Call[] =>
          [0, most - 1, -1].flatMap((from): Call[] => [0, 1, 2, -1].map((n) => ['copy', to, from, n])),
        ),
      ];
      expect((await run(calls)).map(withoutText)).toEqual(underV8(PROGRAM, calls));
    });

    test('deep recursion is a trap, and the program goes on', async () => {
      expect(
        await run([
          ['deep', 20],
          ['deep', 1_000_000],
          ['deep', -1],
          ['deep', 20],
        ]),
      ).toEqual([...['20', '[trap] stack overflow', '[trap] stack overflow', '20']]);
    });

    test('unreachable code and bad divisions are traps, each with its text', async () => {
      const calls: Call[] = [
        ...([['unreachable'], ['divide', 1, 0], ['divide', -0x8000_0000, -1], ['remainder', 1, 0]] as const),
        ['divide', -7, 2],
      ];
      expect(await run(calls)).toEqual([
        '[trap] unreachable executed',
        ...['[trap] integer divide by zero', '[trap] integer overflow', '[trap] integer divide by zero'],
        '-3',
      ]);
    });

    test('memory grows up to the limit of the program and of its host, and keeps its bytes', async () => {
      const last = `a${ACCESSES.indexOf('i32.load') * OFFSETS.length}`;
      expect(
        await program.run([
          'limit 2',
          `${last} 65530`,
          'grow 1',
          `${last} 65530`,
          `${last} 131068`,
          'grow 1',
          'pages',
        ]),
      ).toEqual(['limited', '1684234849', '1', '1684234849', '0', '-1', '2']);
    });

    test('only the hash of this program loads it', async () => {
      const { sha256 } = program;
      const other = `${sha256.slice(0, -1)}${sha256.endsWith('0') ? '1' : '0'}`;
      const refused = 'this firmware was compiled for another program';
      expect(await program.run([`again ${other}`, `again ${sha256.slice(2)}`, `again ${sha256}`])).toEqual([
        ...[refused, refused, 'loaded'],
      ]);
    });

    test('a function of 64-bit numbers is none that a host can call', async () => {
      expect(await program.run(['wide 1', 'divide 1'])).toEqual([
        'no such function',
        'argument count mismatch',
      ]);
    });

    test('random programs compute what they compute under V8', { timeout: 300_000 }, async () => {
      for (let seed = 1; seed <= 6; seed++) {
        let state = seed * 0x9e37_79b1;
        const next = (below: number) => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return Math.floor((state / 2 ** 32) * below);
        };
        const wasm = assemble(randomModule(16, next));
        const calls = Array.from(
          { length: 64 },
          (_, i): Call => [`f${i % 16}`, next(2 ** 32) | 0, next(1000)],
        );
        const compiled = await compile(wasm, folder);
        expect(await compiled.run(calls.map((call) => call.join(' '))), `seed ${seed}`).toEqual(
          underV8(wasm, calls),
        );
      }
    });

    test.each([
      [
        'a table',
        '(module (memory 1) (table 1 funcref) (type $t (func)) (func (export "f") (call_indirect (type $t) (i32.const 0))))',
        'has a table of functions',
      ],
      ['an import', '(module (import "a" "b" (func)) (memory 1))', 'imports something'],
      ['no memory', '(module (func (export "f")))', 'has no memory'],
    ])('a program with %s is refused when it is built', async (_, text, why) => {
      await expect(compile(assemble(text), folder)).rejects.toThrow(why);
    });

    test('a translation that is not what was expected is refused', () => {
      expect(() => inSandbox('int main(void) {}')).toThrow('wasm2c wrote another preamble');
    });
  },
);
