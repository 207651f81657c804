// A store that several proxies share: a Redis server. While it can't be reached, or is slow, all is a miss.
import { createClient, RESP_TYPES } from '@redis/client';
import type { Store } from '../store.js';

export interface RedisStoreOptions {
  url: string;
  /** Milliseconds that an answer of Redis is waited for. */
  timeout?: number;
  /** Told once when the server is lost, and once when it is back. */
  onState?: (state: 'ready' | 'lost', why?: string) => void;
}

const PREFIX = 'deputy:cache:';
const RETRY_AT_MOST = 2000;
/** After an answer that did not come in time, nothing is asked for so long: nobody else shall wait for it. */
const REST = 2000;

/** Says hello to a server and goes. Rejects with what went wrong, within `timeout` milliseconds. */
export async function reachRedis(url: string, timeout: number): Promise<void> {
  const client = createClient({ url, socket: { connectTimeout: timeout, reconnectStrategy: false } });
  // It comes with the rejection too.
  client.on('error', () => {});
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('it did not answer in time')), timeout).unref();
  });
  try {
    await Promise.race([client.connect().then(() => client.ping()), late]);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(message || code || 'it refused');
  } finally {
    client.destroy();
  }
}

export class RedisStore implements Store {
  readonly #client;
  readonly #timeout: number;
  #restsUntil = 0;

  constructor({ url, timeout = 500, onState }: RedisStoreOptions) {
    this.#timeout = timeout;
    const client = createClient({
      url,
      // A command that can't be sent at once is a miss at once.
      disableOfflineQueue: true,
      commandsQueueMaxLength: 10_000,
      socket: {
        connectTimeout: 2000,
        reconnectStrategy: (tries) => Math.min(RETRY_AT_MOST, 50 * 2 ** Math.min(tries, 8)),
      },
    });
    let state: 'ready' | 'lost' | undefined;
    const enter = (next: 'ready' | 'lost', why?: string) => {
      if (state !== next) onState?.(next, why);
      state = next;
    };
    client.on('error', (error: Error) =>
      enter('lost', error.message || (error as NodeJS.ErrnoException).code),
    );
    client.on('ready', () => enter('ready'));
    // Its failures come as events; it goes on trying.
    client.connect().catch(() => {});
    this.#client = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  }

  async get(name: string): Promise<Buffer | undefined> {
    try {
      const bytes = await this.#inTime(() => this.#client.get(PREFIX + name));
      return Buffer.isBuffer(bytes) ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /** Rejects where Redis does not confirm it. */
  async set(name: string, bytes: Buffer, lifetime: number): Promise<void> {
    const expiration = { type: 'PX' as const, value: Math.max(1, Math.floor(lifetime)) };
    await this.#inTime(() => this.#client.set(PREFIX + name, bytes, { expiration }));
  }

  /** Rejects where Redis does not confirm it: what was to go may still be there. */
  async delete(name: string): Promise<void> {
    await this.#inTime(() => this.#client.del(PREFIX + name));
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #inTime<T>(send: () => Promise<T>): Promise<T> {
    if (Date.now() < this.#restsUntil) throw new Error('Redis did not answer in time just now');
    const command = send();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#restsUntil = Date.now() + REST;
        reject(new Error('Redis does not answer in time'));
      }, this.#timeout);
    });
    try {
      return await Promise.race([command, late]);
    } finally {
      clearTimeout(timer);
      command.catch(() => {});
    }
  }
}
