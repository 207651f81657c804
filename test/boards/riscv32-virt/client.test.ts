import { describe, test } from 'vitest';
import { ENGINES } from '../../../boards/parts/boards.js';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

for (const engine of ENGINES) {
  const riscv = await firmware('riscv32-virt', { engine });
  describe.skipIf(riscv.reason)(
    `the client on an emulated RISC-V, over SLIP, engine ${engine}${riscv.reason ? ` (skipped: ${riscv.reason})` : ''}`,
    () => {
      if (riscv.firmware) behaves(riscv.firmware);
      else test('behaves as on every board', () => {});
    },
  );
}
