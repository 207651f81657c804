// The required cases of http-cache-tests that wait for nothing; `npm run conformance:cache` runs all.
import { expect, test } from 'vitest';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { DeputyClient } from '../../../host/index.js';
import { createProxy } from '../../../host/proxy/proxy.js';
import { cache } from '../../../host/services/cache/index.js';
import { MemoryStore } from '../../../host/services/cache/stores/memory.js';
import { exceptions } from './exceptions.js';
import { runSuite } from './suite.js';
import { startWorld } from './world.js';

test('the cache passes them through delegated sessions', async () => {
  const world = await startWorld({ createAuthority, createProxy, DeputyClient, cache, MemoryStore });
  const results = await runSuite(
    world.base,
    world.fetchers,
    ({ id, kind, requests }) =>
      kind === 'required' && !(id in exceptions) && !requests.some((request) => request.pause_after),
  );
  expect(world.sessions()).toBeGreaterThan(10);
  await world.close();
  expect(results.length).toBeGreaterThan(30);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});
