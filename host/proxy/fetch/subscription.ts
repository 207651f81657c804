// A subscription as its service gets it (R25): rounds of requests over resumed connections, through all services, with
// nobody at the other end.
import type { DeviceProfile } from '../../delegation/device.js';
import type { SubscriptionWish } from '../../delegation/subscription.js';
import type { FetchReceipt, HeaderLine, OriginIdentity, Subscription } from '../../services/service.js';
import { HeaderList } from '../../services/service.js';
import type { TargetPolicy } from '../admission/target.js';
import { SessionError, sessionError } from '../error.js';
import type { ProxyEventEmitter } from '../events.js';
import type { ResponseReport } from '../exchange/account.js';
import { exchange } from '../exchange/exchange.js';
import type { Side } from '../exchange/exchange_options.js';
import { writeHead } from '../exchange/head.js';
import { Journal } from '../exchange/journal.js';
import type { FlowContext } from '../exchange/service_call.js';
import type { Settings } from '../options.js';
import type { ByteStream } from '../streams/byte_stream.js';
import { within } from '../streams/deadline.js';
import { ReadAhead } from '../streams/read_ahead.js';
import { OtherOrigins } from './origin_pools.js';
import type { FurtherConnection } from './resumed_connection.js';
import { describeResumed, type Grants, type OpenedFurther, Resumptions } from './resumption_grants.js';

export interface SubscriptionParts {
  client: string;
  profile: DeviceProfile;
  grants: Grants;
  wish: SubscriptionWish;
  settings: Settings;
  targets: Pick<TargetPolicy, 'connect'>;
  observers: ProxyEventEmitter;
}

/** One connection of a round, as long as the origin keeps it. */
interface Link {
  connection: FurtherConnection;
  /** With whom it is: a ticket may be another's than the session's that granted it. */
  origin: OriginIdentity;
  /** See Flow. */
  inStep: boolean;
  side: Side;
  journal: Journal | undefined;
}

const NOTHING_CAME: Omit<FetchReceipt, 'hash'> = {
  status: 0,
  verified: false,
  services: [],
  bytesBefore: 0,
  bytesAfter: 0,
  mark: undefined,
};

export function openSubscription(parts: SubscriptionParts): Subscription {
  return new ResumedSubscription(parts);
}

class ResumedSubscription implements Subscription {
  readonly id: string;
  readonly client: string;
  readonly origin: OriginIdentity;
  readonly wish: SubscriptionWish;
  readonly log: Subscription['log'];
  #hash: Uint8Array = new Uint8Array(32);
  readonly #journalOf = (further: OpenedFurther) =>
    Journal.of(describeResumed(further, this.client), this.parts.settings);

  constructor(private readonly parts: SubscriptionParts) {
    const { client, grants, wish, settings } = parts;
    this.id = grants.id;
    this.client = client;
    this.wish = wish;
    this.origin = grants.delivered.origin;
    const fields = { session: grants.id };
    this.log = {
      debug: (message, more) => settings.log.debug({ ...more, ...fields }, message),
      info: (message, more) => settings.log.info({ ...more, ...fields }, message),
      warn: (message, more) => settings.log.warn({ ...more, ...fields }, message),
    };
  }

  get left(): number {
    return this.parts.grants.granted.left;
  }

  get expires(): number {
    return this.parts.grants.granted.expires;
  }

  async fetchAll(signal: AbortSignal): Promise<readonly FetchReceipt[]> {
    const { settings, targets, observers, grants } = this.parts;
    const { limits, trust } = settings;
    const { issued } = trust;
    const resumptions = new Resumptions({ limits, targets, observers, issued, send: undefined });
    resumptions.adopt(grants);
    const others = new OtherOrigins({
      limits,
      resumptions,
      observers,
      journalOf: this.#journalOf,
      ask: undefined,
    });
    const receipts: FetchReceipt[] = [];
    let link: Link | undefined;
    try {
      for (const target of this.wish.targets) {
        const { receipt, next } = await this.#fetch(target, link, { resumptions, others, signal });
        link = next;
        receipts.push(receipt);
        this.#hash = receipt.hash;
        const { status } = receipt;
        observers.emit('prefetched', { sessionId: this.id, client: this.client, target, status });
      }
    } finally {
      void link?.connection.finish();
      others.close();
      // The grant outlives the round.
      resumptions.detach(grants.id);
    }
    return receipts;
  }

  end(): void {
    this.parts.grants.granted.close();
  }

  /** One address. `next`: the connection, where it can be used again. Never rejects. */
  async #fetch(
    target: string,
    link: Link | undefined,
    round: { resumptions: Resumptions; others: OtherOrigins; signal: AbortSignal },
  ): Promise<{ receipt: FetchReceipt; next: Link | undefined }> {
    const { limits } = this.parts.settings;
    let current = link;
    let report: ResponseReport | undefined;
    let inStep = true;
    try {
      round.signal.throwIfAborted();
      current ??= await this.#connect(round.resumptions);
      const late = () => new SessionError('TUNNEL_TIMEOUT', 'the origin did not answer in time');
      const exchanging = exchange({
        client: askOnce(this.#request(target)),
        origin: current.side,
        flow: this.#flow(round.others, current),
        limits,
        onRequest: () => {},
        onOutOfStep: () => {
          inStep = false;
        },
        onResponse: (each) => {
          report = each;
        },
        previousHash: this.#hash,
        // Of none that the client itself made on this session.
        number: 0,
        journal: current.journal,
      });
      const outcome = await within(exchanging, limits.prefetchTimeout, late, round.signal);
      if (report === undefined) throw new SessionError('BAD_RESPONSE', 'the origin gave no answer');
      const receipt = { ...report, verified: current.origin.verified };
      if (outcome === 'next') return { receipt, next: { ...current, inStep: current.inStep && inStep } };
      void current.connection.finish();
      return { receipt, next: undefined };
    } catch (error) {
      current?.connection.destroy();
      const { code, message } = sessionError(error, 'ORIGIN_GONE');
      this.log.info('an address is not fetched', { code, why: message });
      return { receipt: { ...NOTHING_CAME, hash: this.#hash }, next: undefined };
    }
  }

  async #connect(resumptions: Resumptions): Promise<Link> {
    const further = await resumptions.open(this.origin.host, this.origin.port);
    const { connection } = further;
    const journal = this.#journalOf(further);
    try {
      await journal?.record({ kind: 'opened' });
    } catch (error) {
      connection.destroy();
      throw error;
    }
    const stream = connection.originStream;
    return {
      connection,
      origin: further.origin,
      inStep: true,
      journal,
      side: { stream, bytes: new ReadAhead(stream) },
    };
  }

  /** As the client itself would ask, but for an answer that is new. */
  #request(target: string): Buffer {
    const { host, port } = this.origin;
    const name = host.includes(':') ? `[${host}]` : host;
    const lines: HeaderLine[] = [['Host', port === 443 ? name : `${name}:${port}`]];
    const own = new HeaderList(this.wish.headers);
    for (const taken of ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Expect', 'Upgrade']) {
      own.delete(taken);
    }
    return writeHead(`GET ${target} HTTP/1.1`, [...lines, ...own, ['Cache-Control', 'no-cache']]);
  }

  #flow(others: OtherOrigins, { origin, inStep }: Link): FlowContext {
    const { settings, profile } = this.parts;
    return {
      sessionId: this.id,
      client: this.client,
      origin,
      inStep,
      isVouchedFor: () => settings.trust.issued.vouchesFor(origin),
      profile,
      admitsStreams: false,
      services: settings.services,
      limits: settings.limits,
      log: settings.log,
      fetchOther: (url, options) => others.fetch(this.id, url, options),
    };
  }
}

/** A client that asks once, takes every answer, and never hangs up. */
function askOnce(request: Buffer): Side {
  let asked = false;
  const stream: ByteStream = {
    read: () => {
      if (asked) return new Promise(() => {});
      asked = true;
      return Promise.resolve(request);
    },
    write: async () => {},
    end: async () => {},
    destroy: () => {},
  };
  return { stream, bytes: new ReadAhead(stream) };
}
