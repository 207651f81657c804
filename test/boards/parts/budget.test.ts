// A board's budget binds: what exceeds it is not built.
import { describe, expect, test } from 'vitest';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { buildClient, buildFirmware } from '../../../boards/parts/firmware.js';

for (const name of ['mps2-an500', 'palm-tungsten-e', 'riscv32-virt']) {
  const board = await findBoard(name);
  const absent = missingTools(board);
  describe.skipIf(absent)(`the budget of ${board.title}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('an image beyond its flash fails the build', { timeout: 300_000 }, async () => {
      const small = { ...board, budget: { ...board.budget!, flash: 400 * 1024 } };
      // A size of RAM of its own gives the image a name of its own.
      await expect(buildClient(small, { ram: board.budget!.ram + 1 })).rejects.toThrow(
        "the image exceeds the board's flash budget",
      );
    });

    test('data beyond its RAM fails the build', { timeout: 300_000 }, async () => {
      await expect(buildClient(board, { ram: 40 * 1024 })).rejects.toThrow(
        "data and stack exceed the board's RAM budget",
      );
    });

    test('what it has is enough', { timeout: 300_000 }, async () => {
      await expect(buildClient(board)).resolves.toMatch(/client\.elf$/);
    });
  });
}

const netduino = await findBoard('netduinoplus2');
describe.skipIf(missingTools(netduino))('the budget of the board that runs the record program alone', () => {
  const build = (budget: { flash: number; ram: number }) => () =>
    buildFirmware({ ...netduino, budget }, 'budget', ['bench/bench.c']);

  test('binds too', () => {
    const { flash, ram } = netduino.budget!;
    expect(build({ flash: 60 * 1024, ram })).toThrow("the image exceeds the board's flash budget");
    expect(build({ flash, ram: 8 * 1024 })).toThrow("data and stack exceed the board's RAM budget");
    expect(build({ flash, ram })()).toMatch(/budget\.elf$/);
  });
});
