import { describe, test } from 'vitest';
import { behaves } from '../client/behaviour.js';
import { firmware } from '../client/firmware.js';

const palm = await firmware('palm-tungsten-e');

describe.skipIf(palm.reason)(
  `the client on an emulated Palm, over SLIP${palm.reason ? ` (skipped: ${palm.reason})` : ''}`,
  () => {
    if (palm.firmware) behaves(palm.firmware);
    else test('behaves as on every board', () => {});
  },
);
