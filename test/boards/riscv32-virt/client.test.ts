import { describe, test } from 'vitest';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

const riscv = await firmware('riscv32-virt');

describe.skipIf(riscv.reason)(
  `the client on an emulated RISC-V, over SLIP${riscv.reason ? ` (skipped: ${riscv.reason})` : ''}`,
  () => {
    if (riscv.firmware) behaves(riscv.firmware);
    else test('behaves as on every board', () => {});
  },
);
