import { describe, test } from 'vitest';
import { firmware } from '../client/firmware.js';
import { runsOutOfMemory } from '../client/memory.js';

const palm = await firmware('palm-tungsten-e');

describe.skipIf(palm.reason)(
  `a Palm with too little memory${palm.reason ? ` (skipped: ${palm.reason})` : ''}`,
  () => {
    // Each ends somewhere else: before the first line of the client, in a handshake, in a body.
    if (palm.firmware) runsOutOfMemory('palm-tungsten-e', [700, 1000, 1200, 1300]);
    else test('says so', () => {});
  },
);
