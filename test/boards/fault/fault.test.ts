// A fault of the processor ends in a message that says where, and a status; the emulator never runs into its time limit.
import { describe, expect, test } from 'vitest';
import { findBoard, missingTools } from '../../../boards/parts/boards.js';
import { runEmulator } from '../../../boards/parts/emulator.js';
import { buildFirmware } from '../../../boards/parts/firmware.js';

const PROGRAM = '../test/boards/fault/provoke.c';

for (const name of ['mps2-an500', 'palm-tungsten-e', 'netduinoplus2', 'riscv32-virt']) {
  const board = await findBoard(name);
  const absent = missingTools(board);
  describe.skipIf(absent)(`a fault on ${board.title}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    const run = (kind: string) => {
      const file = buildFirmware(board, 'fault', [PROGRAM]);
      const semihosting = ['-semihosting-config', `enable=on,target=native,arg=fault,arg=${kind}`];
      return runEmulator(board.emulator!, [...board.machine!(file), ...semihosting], { timeout: 20_000 });
    };

    test.each(['undefined', 'jump', 'load', 'store'])('%s', (kind) => {
      const { status, stderr } = run(kind);
      expect(stderr).toMatch(
        /^the processor took a fault \([a-z ]+\) at 0x[0-9a-f]{8}, called from 0x[0-9a-f]{8}$/m,
      );
      expect(status).toBe(3);
    });

    test('none', () => {
      expect(run('none')).toMatchObject({ status: 0, stderr: '' });
    });
  });
}
