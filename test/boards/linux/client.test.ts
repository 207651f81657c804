import { describe, test } from 'vitest';
import { ENGINES } from '../../../boards/parts/boards.js';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

// Leaks, memory errors and undefined behaviour in the client's C end the run with a status of their own.
for (const engine of ENGINES) {
  const linux = await firmware('linux', { engine, sanitize: true });
  describe.skipIf(linux.reason)(
    `the client as a program of this machine, sanitized, engine ${engine}${linux.reason ? ` (skipped: ${linux.reason})` : ''}`,
    () => {
      if (linux.firmware) behaves(linux.firmware);
      else test('behaves as on every board', () => {});
    },
  );
}
