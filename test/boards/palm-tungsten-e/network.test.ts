import { describe, test } from 'vitest';
import { firmware } from '../client/firmware.js';
import { endures } from '../client/network.js';

const built = await firmware('palm-tungsten-e');

describe.skipIf(built.reason)(
  `the client on an emulated Palm in a bad network${built.reason ? ` (skipped: ${built.reason})` : ''}`,
  () => {
    if (built.firmware) endures(built.firmware);
    else test('endures it', () => {});
  },
);
