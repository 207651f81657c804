// The prefetching service (R25): fetches on schedule what clients have subscribed to, while they are away. What it
// fetches goes through the other services; a cache among them keeps it for the client's next visit.
//
// Subscriptions live in memory and end with the proxy: what resumes a session is a secret, and is written to no disk.
import { DeputyError } from '../../delegation/error.js';
import type { DailyWindow } from '../../delegation/subscription.js';
import type { FetchReceipt, Service, Subscription, SubscriptionReport } from '../service.js';
import { nextRound } from './schedule.js';

export interface PrefetchOptions {
  /** When rounds may begin, whatever clients want: the proxy's own off-peak hours, UTC. */
  window?: DailyWindow;
  /** Of one client at once. */
  subscriptionsPerClient?: number;
  /** Of all clients. */
  subscriptions?: number;
  /** Shortest interval, milliseconds. */
  shortestInterval?: number;
  /** Rounds under way at once. */
  rounds?: number;
}

/** Receipts that wait for their client; more push out the oldest. */
const MAX_RECEIPTS = 256;
/** How long an ended subscription waits to be told of. */
const REMEMBERED = 7 * 86_400_000;
/** The longest that a timer waits. */
const MAX_DELAY = 2 ** 31 - 1;

interface Held {
  subscription: Subscription;
  /** Unix milliseconds. */
  next: number;
  receipts: (FetchReceipt & { number: number })[];
  count: number;
  timer: NodeJS.Timeout | undefined;
  /** The round under way, or that waits for its turn. */
  round: AbortController | undefined;
  ended: { code: string; text: string; at: number } | undefined;
}

export const prefetch = (options: PrefetchOptions = {}): Service => new Prefetch(options);

class Prefetch implements Service {
  readonly name = 'prefetch';
  readonly #options: Required<Omit<PrefetchOptions, 'window'>>;
  readonly #windows: readonly DailyWindow[];
  readonly #held = new Map<string, Held>();
  readonly #waiting: Held[] = [];
  #running = 0;

  constructor({ window, ...options }: PrefetchOptions) {
    this.#windows = window === undefined ? [] : [window];
    this.#options = {
      subscriptionsPerClient: 8,
      subscriptions: 1024,
      shortestInterval: 60_000,
      rounds: 4,
      ...options,
    };
  }

  subscribe(subscription: Subscription): void {
    const { subscriptionsPerClient, subscriptions, shortestInterval } = this.#options;
    this.#forgetOld();
    if (this.#held.has(subscription.id)) throw refusal('SUBSCRIBED', 'this session is subscribed to already');
    const live = [...this.#held.values()].filter(({ ended }) => ended === undefined);
    const own = live.filter((held) => held.subscription.client === subscription.client);
    if (own.length >= subscriptionsPerClient || live.length >= subscriptions) {
      throw refusal('LIMIT', 'too many subscriptions: take one back first');
    }
    if (subscription.wish.every * 1000 < shortestInterval) {
      throw refusal('TOO_OFTEN', `the shortest interval is ${shortestInterval / 1000} seconds`);
    }
    const next = this.#next(subscription, Date.now());
    const held: Held = {
      subscription,
      next,
      receipts: [],
      count: 0,
      timer: undefined,
      round: undefined,
      ended: undefined,
    };
    this.#held.set(subscription.id, held);
    this.#wait(held);
    subscription.log.info('subscribed', { client: subscription.client, next: new Date(next).toISOString() });
  }

  unsubscribe(client: string, id: string): void {
    const held = this.#held.get(id);
    if (held?.subscription.client === client) this.#end(held, 'REVOKED', 'the client took it back');
  }

  reports(client: string): SubscriptionReport[] {
    const own = [...this.#held.values()].filter(({ subscription }) => subscription.client === client);
    return own.map((held) => {
      const { subscription, ended, next } = held;
      if (ended !== undefined) this.#held.delete(subscription.id);
      return {
        id: subscription.id,
        code: ended?.code ?? '',
        text: ended?.text ?? '',
        next: ended === undefined ? Math.max(1, Math.ceil((next - Date.now()) / 1000)) : 0,
        left: ended === undefined ? subscription.left : 0,
        receipts: held.receipts.splice(0),
      };
    });
  }

  close(): void {
    for (const held of this.#held.values()) this.#end(held, 'STOPPING', 'the proxy stops');
    this.#held.clear();
  }

  /** Throws where no round can come: the origin's tickets, or the windows, are in the way. */
  #next(subscription: Subscription, last: number): number {
    const { every, window } = subscription.wish;
    const windows = window === undefined ? this.#windows : [...this.#windows, window];
    const next = nextRound(Date.now(), last, every * 1000, windows);
    if (next === undefined) {
      throw refusal('NO_TIME', "the subscription's hours and those of this proxy have no minute in common");
    }
    if (subscription.left === 0) {
      throw refusal('RESUMPTION_SPENT', 'as many connections as were granted have been opened');
    }
    if (subscription.expires <= next) {
      const seconds = Math.max(0, Math.round((subscription.expires - Date.now()) / 1000));
      throw refusal(
        'TICKET_TOO_SHORT',
        `what was granted, or the origin's tickets, run out in ${seconds} seconds, before the next round: subscribe at shorter intervals`,
      );
    }
    return next;
  }

  #wait(held: Held): void {
    const delay = Math.min(MAX_DELAY, Math.max(0, held.next - Date.now()));
    held.timer = setTimeout(() => {
      if (Date.now() < held.next) this.#wait(held);
      else this.#queue(held);
    }, delay);
    // A subscription alone keeps no proxy up.
    held.timer.unref();
  }

  #queue(held: Held): void {
    held.round = new AbortController();
    this.#waiting.push(held);
    this.#advance();
  }

  #advance(): void {
    while (this.#running < this.#options.rounds) {
      const held = this.#waiting.shift();
      if (held === undefined) return;
      this.#running++;
      void this.#run(held).finally(() => {
        this.#running--;
        this.#advance();
      });
    }
  }

  async #run(held: Held): Promise<void> {
    const { subscription } = held;
    if (held.ended !== undefined) return;
    const last = Date.now();
    const receipts = await subscription.fetchAll(held.round!.signal);
    held.round = undefined;
    for (const receipt of receipts) held.receipts.push({ ...receipt, number: ++held.count });
    held.receipts.splice(0, held.receipts.length - MAX_RECEIPTS);
    if (held.ended !== undefined) return;
    const failed = receipts.filter(({ status }) => status === 0).length;
    subscription.log.info('a round is over', { fetched: receipts.length - failed, failed });
    try {
      held.next = this.#next(subscription, last);
      this.#wait(held);
    } catch (error) {
      const { code, message } = error as DeputyError;
      this.#end(held, code, message);
    }
  }

  #end(held: Held, code: string, text: string): void {
    if (held.ended !== undefined) return;
    held.ended = { code, text, at: Date.now() };
    clearTimeout(held.timer);
    held.round?.abort();
    held.subscription.end();
    held.subscription.log.info('a subscription is over', { code });
  }

  #forgetOld(): void {
    for (const [id, { ended }] of this.#held) {
      if (ended !== undefined && ended.at + REMEMBERED < Date.now()) this.#held.delete(id);
    }
  }
}

const refusal = (code: string, text: string) => new DeputyError(code, text);
