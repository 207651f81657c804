// TLS to the proxy: the one place where its certificate, our credentials and its tickets are known.
import { MAIN_PROTOCOL } from '../../delegation/message.js';
import { authority } from '../../delegation/origin.js';
import type { PostQuantum, TrustAnchors } from '../../engine/tls.js';
import type { CancelSignal } from '../../platform/platform.js';
import { type Context, openTls, openTransport, trustAnchors } from '../context.js';
import type { Link } from '../observer.js';
import type { ProxyOptions } from '../options.js';
import { judgeName } from './kept_tickets.js';
import { certificates, privateKey } from './pem.js';
import { readRoots } from './root_list.js';
import { drainTickets } from './tickets.js';
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
  readonly #ticketKey: string;
  readonly #identity: { chain: Uint8Array[]; key: Uint8Array } | undefined;

  constructor(context: Context, options: ProxyOptions) {
    this.#context = context;
    this.name = authority(options.host, options.port);
    this.host = options.host;
    this.port = options.port;
    this.token = options.token ?? '';
    this.#serverName = options.serverName ?? options.host;
    const roots = readRoots(options.roots);
    this.#trust = trustAnchors(context, roots, 'main');
    this.#postQuantum = options.postQuantum;
    const { identity } = options;
    this.#identity = identity && { chain: certificates(identity.certificate), key: privateKey(identity.key) };
    const judge = judgeName(
      context.platform,
      [...[roots].flat(), ...(this.#identity?.chain ?? [])],
      ...['proxy', this.#serverName],
    );
    this.#ticketKey = `proxy ${this.name} ${judge}`;
  }

  /**
   * A verified TLS connection to the proxy. A conduit resumes the main session, so that it costs no certificates and
   * no signatures; the main session resumes an earlier one that the same roots judged.
   */
  async open(leadsTo: string | undefined, signal?: CancelSignal): Promise<TlsStream> {
    const kind = leadsTo === undefined ? 'main' : 'conduit';
    const link: Link = { kind, name: this.name, ...(leadsTo !== undefined && { leadsTo }) };
    const below = await openTransport(this.#context, link, this.host, this.port, signal);
    const { tickets } = this.#context;
    const session = tickets.take(this.#ticketKey);
    const keeper = { keep: (block: Uint8Array) => tickets.put(this.#ticketKey, block) };
    const options = {
      serverName: this.#serverName,
      trust: this.#trust,
      alpn: [kind === 'main' ? MAIN_PROTOCOL : 'http/1.1'],
      ...(session && { session }),
      ...(this.#postQuantum && { postQuantum: this.#postQuantum }),
      ...(this.#identity && { clientCertificate: this.#identity }),
    };
    try {
      return await openTls(this.#context, link, options, below, (c) => drainTickets(c, keeper), signal);
    } catch (error) {
      // A ticket that led to a failure would lead to it again.
      tickets.forget(this.#ticketKey);
      throw error;
    } finally {
      session?.fill(0);
    }
  }

  free(): void {
    this.#trust.free();
    this.#context.tickets.forget(this.#ticketKey);
    this.#identity?.key.fill(0);
  }
}
