// TLS to the proxy: the one place where its certificate, our credentials and its tickets are known.
import { MAIN_PROTOCOL } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import type { PostQuantum, TlsConnection, TrustAnchors } from '../../engine/tls.js';
import type { CancelSignal } from '../../platform/platform.js';
import { type Context, openTls, openTransport, trustAnchors } from '../context.js';
import type { Link } from '../observer.js';
import type { ProxyOptions } from '../options.js';
import { certificates, privateKey } from './pem.js';
import type { TlsStream } from './tls_stream.js';

export class ProxyLink {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Empty without one. */
  readonly token: string;
  readonly #context: Context;
  readonly #serverName: string;
  readonly #trust: TrustAnchors;
  readonly #postQuantum: PostQuantum | undefined;
  readonly #identity: { chain: Uint8Array[]; key: Uint8Array } | undefined;

  constructor(context: Context, options: ProxyOptions) {
    this.#context = context;
    this.name = authority(options.host, options.port);
    this.host = options.host;
    this.port = options.port;
    this.token = options.token ?? '';
    this.#serverName = options.serverName ?? options.host;
    this.#trust = trustAnchors(context, options.roots, 'main');
    this.#postQuantum = options.postQuantum;
    const { identity } = options;
    this.#identity = identity && { chain: certificates(identity.certificate), key: privateKey(identity.key) };
  }

  /**
   * A verified TLS connection to the proxy. A conduit resumes the main session, so that it costs no certificates and
   * no signatures; the main session, which leads nowhere, never resumes: on its handshake the tickets of all others rest.
   */
  async open(leadsTo: string | undefined, signal?: CancelSignal): Promise<TlsStream> {
    const kind = leadsTo === undefined ? 'main' : 'conduit';
    const link: Link = { kind, name: this.name, ...(leadsTo !== undefined && { leadsTo }) };
    const below = await openTransport(this.#context, link, this.host, this.port, signal);
    const session = kind === 'conduit' ? this.#context.tickets.take(this.#ticketKey) : undefined;
    const options = {
      serverName: this.#serverName,
      trust: this.#trust,
      alpn: [kind === 'main' ? MAIN_PROTOCOL : 'http/1.1'],
      ...(session && { session }),
      ...(this.#postQuantum && { postQuantum: this.#postQuantum }),
      ...(this.#identity && { clientCertificate: this.#identity }),
    };
    try {
      return await openTls(this.#context, link, options, below, (c) => this.#keepTickets(c), signal);
    } finally {
      session?.fill(0);
    }
  }

  #keepTickets(connection: TlsConnection): void {
    while (connection.flags.sessionAvailable) {
      const ticket = connection.takeSession();
      if (ticket === undefined) return;
      this.#context.tickets.put(this.#ticketKey, ticket);
    }
  }

  free(): void {
    this.#trust.free();
    this.#context.tickets.forget(this.#ticketKey);
    this.#identity?.key.fill(0);
  }

  get #ticketKey(): string {
    return `proxy ${this.name}`;
  }
}
