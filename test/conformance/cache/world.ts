// A world for the suite: its origin behind TLS, a proxy whose only service is the cache, and clients that admit it.

import type { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import type { ClientResponse, DeputyClient, RequestOptions } from '../../../host/index.js';
import type { createProxy } from '../../../host/proxy/proxy.js';
import type { cache } from '../../../host/services/cache/index.js';
import type { MemoryStore } from '../../../host/services/cache/stores/memory.js';
import type { Fetcher } from './suite.js';
import { fetcher, startSuiteOrigin } from './suite.js';

export interface Parts {
  createAuthority: typeof createAuthority;
  createProxy: typeof createProxy;
  DeputyClient: typeof DeputyClient;
  cache: typeof cache;
  MemoryStore: typeof MemoryStore;
}

const NAME = 'cache.test';
const CLIENTS = ['one', 'two'];

/** `parts`: createAuthority, createProxy, DeputyClient, cache and MemoryStore, as built or as sources. */
export async function startWorld({
  createAuthority,
  createProxy,
  DeputyClient,
  cache,
  MemoryStore,
}: Parts): Promise<{
  base: string;
  fetchers: Fetcher[];
  sessions(): number;
  close(): Promise<void>;
}> {
  const authority = await createAuthority();
  const issued = await authority.issue({ names: [NAME, 'localhost', '127.0.0.1'] });
  const origin = await startSuiteOrigin(issued);
  const token = (client: string) => `token-of-client-${client}`;
  const store = new MemoryStore({ bytes: 64 << 20, entries: 16_384 });
  const delegated = new Set<string>();
  const proxy = createProxy({
    tls: { certificate: issued.chainPem, key: issued.keyPem },
    tokens: CLIENTS.map((name) => ({ name, token: token(name) })),
    targets: { allow: ['127.0.0.0/8'], addresses: { [NAME]: '127.0.0.1' }, ports: 'any' },
    services: [cache({ store, byDevice: false })],
  });
  proxy.events.on('active', ({ sessionId }) => delegated.add(sessionId));
  const { port } = await proxy.listen(0);
  const clients = CLIENTS.map(
    (name) =>
      new DeputyClient({
        engine: 'v8',
        proxy: { host: '127.0.0.1', port, roots: authority.root.pem, token: token(name) },
        roots: authority.root.pem,
        policy: { rules: [{ origin: NAME, decision: 'session' }] },
        maxSessions: 128,
      }),
  );
  return {
    base: `https://${NAME}:${origin.port}`,
    fetchers: clients.map((client) => fetcher((url, init = {}) => request(client, url, init))),
    /** How many sessions were delegated so far. */
    sessions: () => delegated.size,
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await proxy.close();
      await origin.stop();
    },
  };
}

/** The suite's own bookkeeping is no case: where a kept connection closed under it, it is sent again. */
async function request(
  client: Parts['DeputyClient']['prototype'],
  url: string,
  init: RequestOptions,
): Promise<ClientResponse> {
  try {
    return await client.request(url, init);
  } catch (error) {
    if (init.method !== 'PUT' || !new URL(url).pathname.startsWith('/config/')) throw error;
    return client.request(url, init);
  }
}
