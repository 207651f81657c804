// Holds each client to its requests a second and its exchanges at once; what is too much is answered with 429.

import { HeaderList } from '../../http/header_list.js';
import type { Answer, Flow, Service } from '../service.js';
import { Buckets } from '../token_bucket.js';

export interface Quota {
  requestsPerSecond?: number;
  /** Exchanges at once. */
  exchanges?: number;
}

/** `quotaOf` is asked for each request: it may change its mind. */
export function quota(quotaOf: (client: string) => Quota): Service {
  const buckets = new Buckets();
  const running = new Map<string, number>();
  const release = (client: string) => {
    const left = running.get(client)! - 1;
    if (left > 0) running.set(client, left);
    else running.delete(client);
  };
  return {
    name: 'quota',
    request({ client, signal }: Flow): Answer | undefined {
      const { requestsPerSecond, exchanges } = quotaOf(client);
      const count = running.get(client) ?? 0;
      if (exchanges !== undefined && count >= exchanges)
        return tooMany(`${exchanges} requests of this client are under way`, 1);
      const wait = buckets.of(client, requestsPerSecond)?.take() ?? 0;
      if (wait > 0)
        return tooMany(`this client may make ${requestsPerSecond} requests a second`, wait / 1000);
      running.set(client, count + 1);
      signal.addEventListener('abort', () => release(client), { once: true });
      return undefined;
    },
  };
}

/** RFC 6585 §4. */
function tooMany(why: string, seconds: number): Answer {
  const headers = new HeaderList([
    ['Content-Type', 'text/plain; charset=us-ascii'],
    ['Cache-Control', 'no-store'],
    ['Retry-After', String(Math.ceil(seconds))],
  ]);
  const body = Buffer.from(`refused by the proxy: ${why}\n`, 'latin1');
  return { kind: 'answer', status: 429, reason: 'Too Many Requests', headers, body };
}
