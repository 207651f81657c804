// npm run bench -- --board BOARD --session: each figure that says what delegation costs and saves is there, and repeats.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { missingTranslator } from '../../../boards/aot/translate.js';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';

const bench = fileURLToPath(new URL('../../../boards/bench/bench.ts', import.meta.url));

interface Counts {
  instructions: number;
  least: number;
  most: number;
}

for (const [name, engine] of [
  ['mps2-an500', 'wasm3'],
  ['mps2-an500', 'aot'],
  ['palm-tungsten-e', 'wasm3'],
] as const) {
  const absent = missingTools(await findBoard(name)) ?? (engine === 'aot' ? missingTranslator() : undefined);
  describe.skipIf(absent)(`a session on ${name}, ${engine}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('is measured step by step, and as pages', { timeout: 600_000 }, () => {
      const args = ['--import', 'tsx', bench, '--board', name, '--engine', engine, '--session', '--json'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      const { steps, perKibibyte, pages } = JSON.parse(stdout);
      expect(steps.map(({ step }: { step: string }) => step)).toEqual([
        ...['boot to ready', 'main session', 'resumed conduit', 'handshake with the origin', 'delivery'],
      ]);
      const all: Counts[] = [...steps, perKibibyte.delegated, perKibibyte.direct];
      for (const { instructions, least, most } of all) {
        expect(least).toBeGreaterThan(0);
        expect(instructions).toBeGreaterThanOrEqual(least);
        expect(most).toBeGreaterThanOrEqual(instructions);
        // Packets come when they come. A busy machine adds polls, which are much of a small step and little of a large one.
        expect(most - least).toBeLessThan(Math.max(instructions / 4, 3_000_000));
      }
      const [, main, conduit, origin] = steps as Counts[];
      expect(conduit!.instructions).toBeLessThan(origin!.instructions / 2);
      expect(main!.instructions).toBeGreaterThan(origin!.instructions);
      expect(pages).toHaveLength(4);
      const largest = pages.at(-1);
      expect(largest.objects).toBe(10);
      expect(largest.delegatedInstructions).toBeLessThan(largest.directInstructions / 3);
    });
  });
}
