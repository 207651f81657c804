// The conduit: a second TLS connection to the proxy, through which CONNECT opens a tunnel to one origin.
import { DeputyError } from '../../delegation/error.js';
import { authority } from '../../delegation/origin.js';
import { parseSessionId, type SessionId } from '../../delegation/session_id.js';
import { encodeUtf8, plainText } from '../../delegation/text.js';
import type { CancelSignal, Transport } from '../../platform/platform.js';
import type { Context } from '../context.js';
import { bodyFraming, readBody } from '../http/body.js';
import { ByteReader } from '../http/byte_reader.js';
import { type HeadLimits, headEnd, headerOf, parseResponseHead, type ResponseHead } from '../http/head.js';
import type { Origin } from '../observer.js';
import { within } from '../timeout.js';
import type { ProxyLink } from '../tls/proxy_link.js';
import type { TlsStream } from '../tls/tls_stream.js';

/** The proxy's answers are short. */
const LIMITS: HeadLimits = { bytes: 8192, lines: 40 };
const REASON_BYTES = 1024;

export interface Conduit {
  /** Bytes to and from the origin. */
  transport: Transport;
  /** Where one was asked for. */
  sessionId: SessionId | undefined;
  /** Closes at once. */
  abort(): void;
}

/**
 * Opens a conduit and asks for a tunnel to `origin`; with `delegable`, for an internal session id too. Throws
 * DeputyError: PROXY_AUTHENTICATION (407), TARGET_FORBIDDEN (403), LIMIT (429), TARGET_UNREACHABLE (502), TARGET_TIMEOUT (504),
 * CONNECT_FAILED, NO_SESSION_ID.
 */
export async function openConduit(
  context: Context,
  link: ProxyLink,
  origin: Origin,
  delegable: boolean,
  signal?: CancelSignal,
): Promise<Conduit> {
  const { observer, platform, timeouts } = context;
  const stream = await link.open(authority(origin.host, origin.port), signal);
  try {
    observer.onStep?.({ step: 'conduit-open', origin, tls: stream.facts() });
    const opening = connectTunnel(stream, link, origin, delegable);
    const conduit = await within(platform, opening, {
      milliseconds: timeouts.handshake,
      error: () =>
        new DeputyError('CONNECT_FAILED', `the proxy did not answer CONNECT within ${timeouts.handshake} ms`),
      signal,
    });
    observer.onStep?.({ step: 'tunnel-open', origin, sessionId: conduit.sessionId });
    return conduit;
  } catch (error) {
    stream.abort();
    throw error;
  }
}

async function connectTunnel(
  stream: TlsStream,
  link: ProxyLink,
  origin: Origin,
  delegable: boolean,
): Promise<Conduit> {
  const target = authority(origin.host, origin.port);
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (link.token !== '') lines.push(`Proxy-Authorization: Bearer ${link.token}`);
  if (delegable) lines.push('Deputy-Session: request');
  const request = encodeUtf8(`${lines.join('\r\n')}\r\n\r\n`);
  await stream.write(request);
  request.fill(0);

  const reader = new ByteReader(stream);
  const bytes = await reader.until(headEnd, LIMITS.bytes);
  if (bytes === undefined)
    throw new DeputyError('CONNECT_FAILED', 'the proxy answered CONNECT with no HTTP response');
  const head = parseResponseHead(bytes, LIMITS);
  // RFC 9110 §9.3.6: a 2xx answer to CONNECT has no body, whatever its headers say.
  if (head.status < 200 || head.status > 299) throw await refusal(reader, head, target);
  const sessionId = parseSessionId(headerOf(head.headers, 'deputy-session') ?? '');
  if (delegable && sessionId === undefined) {
    throw new DeputyError(
      'NO_SESSION_ID',
      'the proxy opened a tunnel but gave no session id: is it a Deputy proxy?',
    );
  }
  const transport: Transport = {
    read: () => reader.some(),
    write: (bytes) => stream.write(bytes),
    close: () => stream.close(),
    end: () => stream.end(),
  };
  return { transport, sessionId, abort: () => stream.abort() };
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
