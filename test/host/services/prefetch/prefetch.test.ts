// The prefetching service by itself: rounds on schedule, within what was granted, told of once.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SubscriptionWish } from '../../../../host/delegation/subscription.js';
import { type PrefetchOptions, prefetch } from '../../../../host/services/prefetch/index.js';
import type { FetchReceipt, Subscription } from '../../../../host/services/service.js';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 23, 12);

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => {
  vi.useRealTimers();
});

const receipt: FetchReceipt = {
  status: 200,
  services: ['cache'],
  bytesBefore: 9,
  bytesAfter: 9,
  verified: true,
  hash: new Uint8Array(32),
  mark: undefined,
};

/** A subscription by hand: each round takes a use, and brings a ticket that lives for `life` milliseconds. */
function subscription(
  id: string,
  {
    uses = 5,
    life = 24 * HOUR,
    client = 'me',
    ...wish
  }: { uses?: number; life?: number; client?: string } & Partial<SubscriptionWish> = {},
) {
  let left = uses;
  let expires = Date.now() + life;
  const end = vi.fn();
  const fetchAll = vi.fn(async () => {
    left--;
    expires = Date.now() + life;
    return [receipt, receipt];
  });
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const made: Subscription = {
    id,
    client,
    origin: {
      host: 'origin.test',
      port: 443,
      serverName: 'origin.test',
      certificate: 'ab',
      clientCertificate: '',
      verified: true,
    },
    wish: { every: 6 * 3600, window: undefined, headers: [], targets: ['/a', '/b'], ...wish },
    get left() {
      return left;
    },
    get expires() {
      return expires;
    },
    log,
    fetchAll,
    end,
  };
  return { made, fetchAll, end };
}

const service = (options: PrefetchOptions = {}) => {
  const made = prefetch(options);
  return {
    subscribe: (each: { made: Subscription }) => made.subscribe!(each.made),
    reports: (client = 'me') => made.reports!(client),
    unsubscribe: (id: string, client = 'me') => made.unsubscribe!(client, id),
    close: () => made.close!(),
  };
};
const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('rounds', () => {
  test('come at their interval, as often as was granted, and no more', async () => {
    const { subscribe, reports } = service();
    const mine = subscription('a', { uses: 3 });
    subscribe(mine);
    for (const rounds of [1, 2, 3, 3]) {
      await vi.advanceTimersByTimeAsync(6 * HOUR);
      expect(mine.fetchAll).toHaveBeenCalledTimes(rounds);
    }
    expect(mine.end).toHaveBeenCalledOnce();
    const [report] = reports();
    expect(report).toMatchObject({ id: 'a', code: 'RESUMPTION_SPENT', next: 0, left: 0 });
    expect(report!.receipts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reports()).toEqual([]);
  });

  test('come at night where the proxy says so', async () => {
    const { subscribe, reports } = service({ window: { start: 60, minutes: 120 } });
    const mine = subscription('a', { every: 3600 });
    subscribe(mine);
    expect(reports()[0]).toMatchObject({ code: '', next: 13 * 3600, left: 5 });
    await vi.advanceTimersByTimeAsync(13 * HOUR - 1);
    expect(mine.fetchAll).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(mine.fetchAll).toHaveBeenCalledOnce();
  });

  test('come a few at once', async () => {
    const { subscribe } = service({ rounds: 2, subscriptionsPerClient: 9 });
    let running = 0;
    let most = 0;
    for (let i = 0; i < 5; i++) {
      const each = subscription(`s${i}`);
      each.fetchAll.mockImplementation(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        running--;
        return [receipt];
      });
      subscribe(each);
    }
    await vi.advanceTimersByTimeAsync(6 * HOUR + 10_000);
    expect(most).toBe(2);
    expect(running).toBe(0);
  });

  test('end where the tickets run out before the next', async () => {
    const { subscribe, reports } = service();
    const mine = subscription('a');
    subscribe(mine);
    mine.fetchAll.mockImplementation(async () => [receipt]);
    await vi.advanceTimersByTimeAsync(48 * HOUR);
    expect(mine.fetchAll).toHaveBeenCalledTimes(3);
    expect(reports()).toMatchObject([{ code: 'TICKET_TOO_SHORT' }]);
  });

  test('end when the client takes the subscription back: the one under way is called off', async () => {
    const { subscribe, unsubscribe, reports } = service();
    const mine = subscription('a');
    subscribe(mine);
    let signal: AbortSignal | undefined;
    mine.fetchAll.mockImplementation((async (given: AbortSignal) => {
      signal = given;
      await new Promise((resolve) => given.addEventListener('abort', resolve));
      return [];
    }) as never);
    await vi.advanceTimersByTimeAsync(6 * HOUR);
    unsubscribe('a', 'somebody else');
    expect(signal!.aborted).toBe(false);
    unsubscribe('a');
    expect(signal!.aborted).toBe(true);
    expect(mine.end).toHaveBeenCalledOnce();
    expect(reports()).toMatchObject([{ code: 'REVOKED' }]);
    await vi.advanceTimersByTimeAsync(48 * HOUR);
    expect(mine.fetchAll).toHaveBeenCalledOnce();
  });

  test('end with the proxy', async () => {
    const { subscribe, close } = service();
    const mine = subscription('a');
    subscribe(mine);
    close();
    expect(mine.end).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(48 * HOUR);
    expect(mine.fetchAll).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a subscription is refused', () => {
  test('where the tickets of its origin run out before the first round', () => {
    const { subscribe } = service();
    expect(() => subscribe(subscription('a', { life: HOUR }))).toThrow(code('TICKET_TOO_SHORT'));
  });

  test('where nothing was granted', () => {
    const { subscribe } = service();
    expect(() => subscribe(subscription('a', { uses: 0 }))).toThrow(code('RESUMPTION_SPENT'));
  });

  test('where no minute suits both', () => {
    const { subscribe } = service({ window: { start: 0, minutes: 60 } });
    const noon = subscription('a', { window: { start: 720, minutes: 60 } });
    expect(() => subscribe(noon)).toThrow(code('NO_TIME'));
  });

  test('where it comes too often, twice, or is one too many', () => {
    const { subscribe, reports } = service({ subscriptionsPerClient: 2, subscriptions: 3 });
    expect(() => subscribe(subscription('a', { every: 59 }))).toThrow(code('TOO_OFTEN'));
    subscribe(subscription('a'));
    expect(() => subscribe(subscription('a'))).toThrow(code('SUBSCRIBED'));
    subscribe(subscription('b'));
    expect(() => subscribe(subscription('c'))).toThrow(code('LIMIT'));
    subscribe(subscription('d', { client: 'other' }));
    expect(() => subscribe(subscription('e', { client: 'third' }))).toThrow(code('LIMIT'));
    expect(reports()).toHaveLength(2);
  });
});

test('receipts that nobody fetches are bounded, and numbered on', async () => {
  const { subscribe, reports } = service({ shortestInterval: 1000 });
  const mine = subscription('a', { uses: 1000, every: 60 });
  subscribe(mine);
  await vi.advanceTimersByTimeAsync(200 * 60_000);
  const [report] = reports();
  expect(report!.receipts).toHaveLength(256);
  expect(report!.receipts.at(-1)!.number).toBe(400);
});
