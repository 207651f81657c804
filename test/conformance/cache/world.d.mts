import type { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import type { DeputyClient } from '../../../host/index.js';
import type { createProxy } from '../../../host/proxy/proxy.js';
import type { cache } from '../../../host/services/cache/index.js';
import type { MemoryStore } from '../../../host/services/cache/stores/memory.js';
import type { Fetcher } from './suite.mjs';

export interface Parts {
  createAuthority: typeof createAuthority;
  createProxy: typeof createProxy;
  DeputyClient: typeof DeputyClient;
  cache: typeof cache;
  MemoryStore: typeof MemoryStore;
}
export function startWorld(parts: Parts): Promise<{
  base: string;
  fetchers: Fetcher[];
  sessions(): number;
  close(): Promise<void>;
}>;
