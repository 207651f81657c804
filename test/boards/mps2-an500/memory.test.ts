import { describe, test } from 'vitest';
import { firmware } from '../client/firmware.js';
import { runsOutOfMemory } from '../client/memory.js';

const mps2 = await firmware('mps2-an500');

describe.skipIf(mps2.reason)(
  `an MPS2 with too little memory${mps2.reason ? ` (skipped: ${mps2.reason})` : ''}`,
  () => {
    // Each ends somewhere else: before the first line of the client, in a handshake, in a body.
    if (mps2.firmware)
      runsOutOfMemory(
        'mps2-an500',
        [440, 520, 600, 680, 760, 840, 920, 963, 966, 984, 985, 1000, 1080, 1160],
      );
    else test('says so', () => {});
  },
);
