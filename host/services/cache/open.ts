// The store that a word names: `memory`, `disk:DIR` or `redis://…`.
import type { Store, StoreLimits } from './store.js';

export interface OpenOptions {
  limits?: Partial<StoreLimits>;
  /** Told when a Redis server is lost, and when it is back. */
  onState?: (state: 'ready' | 'lost', why?: string) => void;
}

const MEMORY: StoreLimits = { bytes: 64 << 20, entries: 16_384 };
const DISK: StoreLimits = { bytes: 2 ** 30, entries: 65_536 };

export const isStoreName = (name: string): boolean =>
  name === 'memory' || /^disk:./.test(name) || (/^rediss?:\/\//.test(name) && URL.canParse(name));

/** A Redis server bounds its memory itself (`maxmemory`). Throws where a directory can't be used. */
export async function openStore(name: string, { limits, onState }: OpenOptions = {}): Promise<Store> {
  if (name === 'memory') {
    const { MemoryStore } = await import('./stores/memory.js');
    return new MemoryStore({ ...MEMORY, ...limits });
  }
  if (name.startsWith('disk:')) {
    const { DiskStore } = await import('./stores/disk.js');
    return DiskStore.open(name.slice('disk:'.length), { ...DISK, ...limits });
  }
  const { RedisStore } = await import('./stores/redis.js');
  return new RedisStore({ url: name, ...(onState && { onState }) });
}
