import { describe, test } from 'vitest';
import { ENGINES } from '../../../boards/parts/boards.js';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

for (const engine of ENGINES) {
  const palm = await firmware('palm-tungsten-e', { engine });
  describe.skipIf(palm.reason)(
    `the client on an emulated Palm, over SLIP, engine ${engine}${palm.reason ? ` (skipped: ${palm.reason})` : ''}`,
    () => {
      if (palm.firmware) behaves(palm.firmware);
      else test('behaves as on every board', () => {});
    },
  );
}
