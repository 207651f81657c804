// TLS to origins: verified by the device itself, through a conduit or directly.

import { authority } from '../../delegation/origin.js';
import type { TlsConnection, TrustAnchors } from '../../engine/tls.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import { Version } from '../../tls/numbers.js';
import { type Context, openTls, trustAnchors } from '../context.js';
import type { Link, Origin } from '../observer.js';
import type { CertificateAndKey, ClientOptions, Pem } from '../options.js';
import { certificates, privateKey } from './pem.js';
import type { TlsStream } from './tls_stream.js';

/** The only protocol offered: HTTP/2 is not for delegated sessions, and the origin must not see a difference. */
const ALPN = ['http/1.1'];

/** Where the tickets of one session go: each a session block of the engine, now the receiver's to wipe. */
export interface KeepTickets {
  keep(block: Uint8Array): void;
}

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
  readonly #options: Pick<ClientOptions, 'identity' | 'tls'>;

  constructor(context: Context, options: Pick<ClientOptions, 'roots' | 'identity' | 'tls'>) {
    this.#context = context;
    this.#trust = trustAnchors(context, options.roots, 'origin');
    this.#options = options;
  }

  /** Judges by these from the next handshake on. */
  replaceRoots(roots: Pem): void {
    const trust = trustAnchors(this.#context, roots, 'origin');
    this.#trust.free();
    this.#trust = trust;
  }

  /** A full, ordinary handshake with the origin over `below`; resumed where a ticket is at hand. */
  async open(
    origin: Origin,
    below: Transport,
    { signal, tickets, resumesShared = false, alpn = ALPN }: OriginSessionOptions = {},
  ): Promise<TlsStream> {
    const link: Link = { kind: 'origin', name: authority(origin.host, origin.port) };
    const { legacy, expiredRoots, minVersion, maxVersion, cipherSuites, groups, postQuantum } =
      this.#options.tls ?? {};
    const identity = this.#identity(origin);
    const store = this.#context.tickets;
    const session =
      store.take(ticketKey(origin)) ?? (resumesShared ? store.take(ticketKey(origin, 'shared')) : undefined);
    const keeper = tickets ?? { keep: (block: Uint8Array) => this.keepTicket(origin, block) };
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
      ...(identity && {
        clientCertificate: { chain: certificates(identity.certificate), key: privateKey(identity.key) },
      }),
      ...(session && { session }),
    };
    try {
      return await openTls(this.#context, link, options, below, (c) => drainTickets(c, keeper), signal);
    } catch (error) {
      // A ticket that led to a failure would lead to it again.
      store.forget(ticketKey(origin));
      if (resumesShared) store.forget(ticketKey(origin, 'shared'));
      throw error;
    } finally {
      options.clientCertificate?.key.fill(0);
      session?.fill(0);
    }
  }

  /** Keeps a session block for the next session with `origin`. */
  keepTicket(origin: Origin, block: Uint8Array, kind: TicketKind = 'own'): void {
    this.#context.tickets.put(ticketKey(origin, kind), block);
  }

  /** The proxy learns the master secret: a session resumed from it would not be the device's own. */
  forgetTickets(origin: Origin): void {
    this.#context.tickets.forget(ticketKey(origin));
  }

  free(): void {
    this.#trust.free();
  }

  #identity(origin: Origin): CertificateAndKey | undefined {
    const { identity } = this.#options;
    return typeof identity === 'function' ? identity(origin) : identity;
  }
}

function drainTickets(connection: TlsConnection, keeper: KeepTickets): void {
  const { version, extendedMasterSecret } = connection.info();
  while (connection.flags.sessionAvailable) {
    const ticket = connection.takeSession();
    if (ticket === undefined) return;
    // RFC 7627 §5.3: without extended master secret a session is not resumed.
    if (version >= Version.Tls13 || extendedMasterSecret) keeper.keep(ticket);
    else ticket.fill(0);
  }
}

const ticketKey = (origin: Origin, kind: TicketKind = 'own') =>
  `${kind} ${authority(origin.host, origin.port)}`;
