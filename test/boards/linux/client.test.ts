import { describe, test } from 'vitest';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

// Leaks, memory errors and undefined behaviour in the client's C end the run with a status of their own.
const linux = await firmware('linux', { sanitize: true });

describe.skipIf(linux.reason)(
  `the client as a program of this machine, sanitized${linux.reason ? ` (skipped: ${linux.reason})` : ''}`,
  () => {
    if (linux.firmware) behaves(linux.firmware);
    else test('behaves as on every board', () => {});
  },
);
