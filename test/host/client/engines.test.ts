// The whole exchange with the device program on each engine that is here.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../host/index.js';
import { findAddon } from '../../../host/platform/node/programs.js';
import { World } from './world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

const wasm3 = findAddon();
const absent = 'reason' in wasm3 ? ` (${wasm3.reason})` : '';

describe.each(['v8', 'wasm3'] as const)('on %s', (engine) => {
  const here = engine === 'v8' || 'addon' in wasm3;

  test.skipIf(!here)(`a delegated and a direct page${here ? '' : absent}`, async () => {
    const origin = await world.origin((_, response) => response.end('x'.repeat(50_000)));
    const platform = nodePlatform({ engine });
    const delegated = world.through(await world.proxy(), { platform });
    const direct = world.client({ platform });
    for (const client of [delegated, direct]) {
      expect(await (await client.fetch(origin.url)).text()).toHaveLength(50_000);
      expect((await client.engine()).kind).toBe(engine);
    }
  });
});
