// The conduit: a stream of the main session, or a TLS connection of its own, through which CONNECT opens a tunnel to one
// origin. What follows CONNECT is written without waiting for its answer.
import { DeputyError } from '../../delegation/error.js';
import { authority } from '../../delegation/origin.js';
import { parseSessionId, type SessionId } from '../../delegation/session_id.js';
import type { StartTlsProtocol } from '../../delegation/start_tls.js';
import { encodeUtf8, plainText } from '../../delegation/text.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import type { Context } from '../context.js';
import { bodyFraming, readBody } from '../http/body.js';
import { ByteReader } from '../http/byte_reader.js';
import { type HeadLimits, headEnd, parseResponseHead, type ResponseHead } from '../http/head.js';
import type { Origin } from '../observer.js';
import { within } from '../timeout.js';
import type { ProxyLink } from '../tls/proxy_link.js';
import type { TlsStream } from '../tls/tls_stream.js';
import type { MainSession } from './main_session.js';
import type { StreamTransport } from './stream_transport.js';

/** The proxy's answers are short. */
const LIMITS: HeadLimits = { bytes: 8192, lines: 40 };
const REASON_BYTES = 1024;

export interface ConduitOptions {
  /** An internal session id is wanted too. */
  delegable: boolean;
  /** The origin turns to TLS by the words of this protocol: the proxy says them. */
  startTls?: StartTlsProtocol | undefined;
  /** Whose stream the conduit is; undefined for a connection of its own. */
  main: MainSession | undefined;
  signal?: CancelSignal | undefined;
}

export class Conduit {
  /** Bytes to and from the origin. Its first read waits for the answer to CONNECT, and throws what that says. */
  readonly transport: Transport;
  readonly #below: TlsStream | StreamTransport;
  readonly #reader: ByteReader;
  #sessionId: SessionId | undefined;

  private constructor(
    below: TlsStream | StreamTransport,
    answered: (reader: ByteReader) => Promise<unknown>,
  ) {
    this.#below = below;
    this.#reader = new ByteReader(below);
    const answer = answered(this.#reader);
    answer.catch(() => {});
    this.transport = {
      read: async () => {
        await answer;
        return this.#reader.some();
      },
      write: (bytes) => below.write(bytes),
      close: () => below.close(),
      end: () => below.end(),
    };
  }

  /**
   * Opens a conduit and asks for a tunnel to `origin`. Throws DeputyError; what its transport throws beside: PROXY_AUTHENTICATION
   * (407), TARGET_FORBIDDEN (403), LIMIT (429), TARGET_UNREACHABLE (502), TARGET_TIMEOUT (504), CONNECT_FAILED, NO_SESSION_ID.
   */
  static async open(
    context: Context,
    link: ProxyLink,
    origin: Origin,
    { delegable, startTls, main, signal }: ConduitOptions,
  ): Promise<Conduit> {
    const { observer, platform, timeouts } = context;
    const below = main?.openStream() ?? (await link.open(authority(origin.host, origin.port), signal));
    const isStream = 'number' in below;
    observer.onStep?.({
      step: 'conduit-open',
      origin,
      tls: isStream ? below.tls : below.facts(),
      stream: isStream ? below.number : undefined,
    });
    // A stream needs no credentials: HELLO gave them.
    const request = connectRequest(origin, {
      delegable,
      startTls,
      token: main === undefined ? link.token : '',
    });
    const sent = () => void request.fill(0);
    below.write(request).then(sent, sent);
    const conduit: Conduit = new Conduit(below, (reader) =>
      within(platform, readAnswer(reader, origin, delegable), {
        milliseconds: timeouts.handshake,
        moved: () => context.traffic.received,
        error: () =>
          new DeputyError(
            'CONNECT_FAILED',
            `the proxy did not answer CONNECT within ${timeouts.handshake} ms`,
          ),
        signal,
      }).then((sessionId) => {
        conduit.#sessionId = sessionId;
        if (sessionId !== undefined && 'hold' in below) main?.bind(sessionId, below);
        observer.onStep?.({ step: 'tunnel-open', origin, sessionId });
      }),
    );
    return conduit;
  }

  /** Known once anything has been read. */
  get sessionId(): SessionId {
    if (this.#sessionId === undefined)
      throw new DeputyError('NO_SESSION_ID', 'this conduit has no session id');
    return this.#sessionId;
  }

  /** Nothing that comes from now on is read until `pass`: the proxy's mark stands here. */
  hold(): void {
    if ('hold' in this.#below) this.#below.hold();
  }

  /** Reads on behind the mark. False where bytes from before it are unread. */
  pass(): boolean {
    return !('pass' in this.#below) || (this.#reader.waiting === 0 && this.#below.pass());
  }

  /** Whether frames of the main session have their place among the conduit's bytes. */
  get isOrdered(): boolean {
    return 'hold' in this.#below;
  }

  /** Closes at once. */
  abort(): void {
    this.#below.abort();
  }
}

function connectRequest(
  { host, port }: Origin,
  { delegable, startTls, token }: Pick<ConduitOptions, 'delegable' | 'startTls'> & { token: string },
): Uint8Array {
  const target = authority(host, port);
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (token !== '') lines.push(`Proxy-Authorization: Bearer ${token}`);
  if (delegable) lines.push('Deputy-Session: request');
  if (startTls !== undefined) lines.push(`Deputy-Start-TLS: ${startTls}`);
  return encodeUtf8(`${lines.join('\r\n')}\r\n\r\n`);
}

async function readAnswer(
  reader: ByteReader,
  { host, port }: Origin,
  delegable: boolean,
): Promise<SessionId | undefined> {
  const bytes = await reader.until(headEnd, LIMITS.bytes);
  if (bytes === undefined)
    throw new DeputyError('CONNECT_FAILED', 'the proxy answered CONNECT with no HTTP response');
  const head = parseResponseHead(bytes, LIMITS);
  // RFC 9110 §9.3.6: a 2xx answer to CONNECT has no body, whatever its headers say.
  if (head.status < 200 || head.status > 299) throw await refusal(reader, head, authority(host, port));
  const sessionId = parseSessionId(head.headers.get('deputy-session') ?? '');
  if (delegable && sessionId === undefined) {
    throw new DeputyError(
      'NO_SESSION_ID',
      'the proxy opened a tunnel but gave no session id: is it a Deputy proxy?',
    );
  }
  return sessionId;
}

const REFUSALS: Readonly<Record<number, [code: string, advice: string]>> = {
  407: [
    'PROXY_AUTHENTICATION',
    'give a valid token (--token) or client certificate (--proxy-cert, --proxy-key)',
  ],
  403: ['TARGET_FORBIDDEN', "the proxy's operator must allow this target"],
  429: ['LIMIT', "end some of its sessions, or ask the proxy's operator for more"],
  502: ['TARGET_UNREACHABLE', 'check the name and port of the origin'],
  504: ['TARGET_TIMEOUT', 'the origin is slow or unreachable; try again'],
};

async function refusal(reader: ByteReader, head: ResponseHead, target: string): Promise<DeputyError> {
  const [code, advice] = REFUSALS[head.status] ?? ['CONNECT_FAILED', 'see the log of the proxy'];
  const said = await reason(reader, head);
  return new DeputyError(
    code,
    `the proxy refused a tunnel to ${target} with ${head.status}${said ? ` (${said})` : ''}: ${advice}`,
  );
}

/** What the proxy says in its body, made harmless. */
async function reason(reader: ByteReader, head: ResponseHead): Promise<string> {
  let text = '';
  try {
    const framing = bodyFraming('GET', head);
    if (framing.kind !== 'length' || framing.length > REASON_BYTES) return '';
    for await (const bytes of readBody(reader, framing)) text += String.fromCharCode(...bytes);
  } catch {
    // The status line has said enough.
  }
  return plainText(text, REASON_BYTES).trim();
}
