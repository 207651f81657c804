// TLS to origins: verified by the device itself, through a conduit or directly.

import { authority } from '../../delegation/origin.js';
import type { TrustAnchors } from '../../engine/tls.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import { type Context, openTls, trustAnchors } from '../context.js';
import type { Link, Origin } from '../observer.js';
import type { CertificateAndKey, ClientOptions, Pem } from '../options.js';
import { judgeName } from './kept_tickets.js';
import { certificates, privateKey } from './pem.js';
import { type Roots, readRoots } from './root_list.js';
import { drainTickets, type KeepTickets } from './tickets.js';
import type { TlsStream } from './tls_stream.js';

/** The only protocol offered: HTTP/2 is not for delegated sessions, and the origin must not see a difference. */
const ALPN = ['http/1.1'];

/** `shared`: another party knows the secret, so that only sessions which are to be its own as well resume with it. */
export type TicketKind = 'own' | 'shared';

export interface OriginSessionOptions {
  signal?: CancelSignal | undefined;
  /** Takes the tickets; unless given, they are kept for the next session. */
  tickets?: KeepTickets | undefined;
  /** The session will be delivered with a grant to resume. */
  resumesShared?: boolean;
  /** HTTP's unless told. */
  alpn?: readonly string[] | undefined;
}

export class OriginLink {
  readonly #context: Context;
  #trust: TrustAnchors;
  /** What judges origins here, and so whose tickets serve: those of a session are kept for the judge that it began with. */
  #judge: string;
  #replaced = 0;
  readonly #options: Pick<ClientOptions, 'identity' | 'tls'>;

  constructor(context: Context, options: Pick<ClientOptions, 'roots' | 'identity' | 'tls'>) {
    const roots = readRoots(options.roots);
    this.#context = context;
    this.#trust = trustAnchors(context, roots, 'origin');
    this.#options = options;
    this.#judge = this.#judgeOf(roots);
  }

  /** Judges by these from the next handshake on. */
  replaceRoots(file: Pem): void {
    const roots = readRoots(file);
    const trust = trustAnchors(this.#context, roots, 'origin');
    this.#trust.free();
    this.#trust = trust;
    // What other roots judged resumes no more, be it kept by now or under way.
    this.#replaced++;
    this.#judge = this.#judgeOf(roots);
    this.forgetAll();
  }

  get judge(): string {
    return this.#judge;
  }

  /** A full, ordinary handshake with the origin over `below`; resumed where a ticket is at hand. */
  async open(
    origin: Origin,
    below: Transport,
    { signal, tickets, resumesShared = false, alpn = ALPN }: OriginSessionOptions = {},
  ): Promise<TlsStream> {
    const link: Link = { kind: 'origin', name: authority(origin.host, origin.port) };
    const { legacy, expiredRoots, minVersion, maxVersion, cipherSuites, groups, postQuantum, recordLimit } =
      this.#options.tls ?? {};
    const identity = this.#identity(origin);
    const store = this.#context.tickets;
    const judge = this.#judge;
    const own = this.#ticketKey(origin, 'own', judge);
    const shared = this.#ticketKey(origin, 'shared', judge);
    const session = store.take(own) ?? (resumesShared ? store.take(shared) : undefined);
    const keeper = tickets ?? { keep: (block: Uint8Array) => this.keepTicket(origin, block, 'own', judge) };
    const options = {
      serverName: origin.host,
      trust: this.#trust,
      alpn: [...alpn],
      ...(legacy && { legacy }),
      ...(expiredRoots && { expiredRoots }),
      ...(minVersion && { minVersion }),
      ...(maxVersion && { maxVersion }),
      ...(cipherSuites && { cipherSuites }),
      ...(groups && { groups }),
      ...(postQuantum && { postQuantum }),
      ...(recordLimit && { recordLimit }),
      ...(identity && {
        clientCertificate: { chain: certificates(identity.certificate), key: privateKey(identity.key) },
      }),
      ...(session && { session }),
    };
    try {
      return await openTls(this.#context, link, options, below, (c) => drainTickets(c, keeper), signal);
    } catch (error) {
      // A ticket that led to a failure would lead to it again.
      store.forget(own);
      if (resumesShared) store.forget(shared);
      throw error;
    } finally {
      options.clientCertificate?.key.fill(0);
      session?.fill(0);
    }
  }

  /** Keeps a session block for the next session with `origin`. `judge`: as it was when this one began; another one's is wiped. */
  keepTicket(origin: Origin, block: Uint8Array, kind: TicketKind, judge: string): void {
    if (judge === this.#judge) this.#context.tickets.put(this.#ticketKey(origin, kind, judge), block);
    else block.fill(0);
  }

  /** The proxy learns the master secret: a session resumed from it would not be the device's own. */
  forgetTickets(origin: Origin): void {
    this.#context.tickets.forget(this.#ticketKey(origin, 'own', this.#judge));
  }

  /** The user takes back what was granted for `origin`, or for all: tickets of theirs end with this client. */
  unsave(origin: Origin | undefined): void {
    const name = origin && authority(origin.host, origin.port);
    this.#context.tickets.unsave(
      (server) => isOrigins(server) && (name === undefined || server.split(' ')[1] === name),
    );
  }

  /** Tickets of all origins. */
  forgetAll(): void {
    this.#context.tickets.forgetAll(isOrigins);
  }

  free(): void {
    this.#trust.free();
  }

  #judgeOf(roots: Roots): string {
    const { legacy = false, expiredRoots = false } = this.#options.tls ?? {};
    const facts = ['origin', String(legacy), String(expiredRoots)];
    // Where nothing hashes, tickets end with this client: it is enough to tell its own roots apart.
    return judgeName(this.#context.platform, [roots].flat(), ...facts) || `roots-${this.#replaced}`;
  }

  /** A ticket serves under the roots that judged its session, and for whom that was. */
  #ticketKey(origin: Origin, kind: TicketKind, judge: string): string {
    const identity = this.#identity(origin);
    const judges =
      identity === undefined
        ? judge
        : judgeName(this.#context.platform, certificates(identity.certificate), judge) || judge;
    return `${kind} ${authority(origin.host, origin.port)} ${judges}`;
  }

  #identity(origin: Origin): CertificateAndKey | undefined {
    const { identity } = this.#options;
    return typeof identity === 'function' ? identity(origin) : identity;
  }
}

const isOrigins = (server: string) => /^(own|shared) /.test(server);
