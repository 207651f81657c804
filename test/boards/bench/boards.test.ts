// The boards beside the yardstick: that the benchmark runs there, gives right results, and fits.
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { measureRows } from '../../../boards/bench/measure.js';
import { Plan, runPlan } from '../../../boards/bench/plan.js';
import { rows } from '../../../boards/bench/rows.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { programPeak } from '../../../boards/parts/peak.js';

const program = (name: string) => fileURLToPath(new URL(`../../../build/${name}.wasm`, import.meta.url));
const some = rows
  .filter(({ primitive }) => /^(SHA-256|ChaCha20-Poly1305 seal|AES-128-GCM seal)$/.test(primitive))
  .map((row) => ({ ...row, sizes: [64, 1024] }));

for (const [name, wasm] of [
  ['palm-tungsten-e', 'primitives'],
  ['riscv32-virt', 'primitives'],
  ['netduinoplus2', 'record'],
] as const) {
  const board = await findBoard(name);
  const absent =
    missingTools(board) ??
    (existsSync(program(wasm)) ? undefined : `no build/${wasm}.wasm: npm run build:wasm`);
  const skipped = absent ? ` (skipped: ${absent})` : '';

  describe.skipIf(absent)(`${board.title}${skipped}`, { timeout: 300_000 }, () => {
    test('measures, checks the results, and counts the same twice', () => {
      const first = measureRows(board, program(wasm), some);
      expect(first.skipped).toEqual([]);
      expect(first.measured).toHaveLength(6);
      for (const row of first.measured) expect(row.instructions, row.primitive).toBeGreaterThan(10_000);
      expect(measureRows(board, program(wasm), some).measured).toEqual(first.measured);
    });

    test('tells of a trap', () => {
      const plan = new Plan().program(program(wasm)).call('hashDigest', 4, -64, 64, 0);
      expect(() => runPlan(board, plan)).toThrow('out of bounds memory access');
    });
  });

  describe.skipIf(absent || name !== 'netduinoplus2')(
    `the record program's memory there${skipped}`,
    { timeout: 300_000 },
    () => {
      test('is at most 40 KiB of wasm', () => {
        expect(statSync(program('record')).size).toBeLessThanOrEqual(40 * 1024);
      });

      // wasm3's structures, compiled code and stack, and the linear memory with a record of 16 KiB, in both directions.
      test.each([
        ['TLS_AES_128_GCM_SHA256', 0x1301, 0x0304],
        ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 0xc02b, 0x0303],
        ['TLS_CHACHA20_POLY1305_SHA256', 0x1303, 0x0304],
        ['TLS_AES_128_CCM_SHA256', 0x1304, 0x0304],
        ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', 0xc012, 0x0303],
        ['TLS_ECDHE_RSA_WITH_RC4_128_SHA', 0xc011, 0x0303],
        ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256', 0xc027, 0x0303],
        ['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA', 0xc013, 0x0303],
        ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 0xc028, 0x0303],
      ])('%s: seals and opens records of 16 KiB', (_, suite, version) => {
        const used = programPeak(board, { suite, version });
        expect(used).toBeGreaterThan(32 * 1024);
        expect(used).toBeLessThanOrEqual(96 * 1024);
      });
    },
  );
}
