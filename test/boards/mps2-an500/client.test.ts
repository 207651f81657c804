import { describe, test } from 'vitest';
import { ENGINES } from '../../../boards/parts/boards.js';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

for (const engine of ENGINES) {
  const mps2 = await firmware('mps2-an500', { engine });
  describe.skipIf(mps2.reason)(
    `the client on an emulated MPS2, engine ${engine}${mps2.reason ? ` (skipped: ${mps2.reason})` : ''}`,
    () => {
      if (mps2.firmware) behaves(mps2.firmware);
      else test('behaves as on every board', () => {});
    },
  );
}
