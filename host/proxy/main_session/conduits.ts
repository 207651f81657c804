// The streams of a main session: each begins with CONNECT, as a conduit on a connection of its own does.
import type { Stream } from '../../delegation/streams/stream.js';
import type { Principal } from '../admission/authentication.js';
import { HelloGate } from '../admission/hello_gate.js';
import { helloJudge } from '../admission/tunnel_services.js';
import { SessionError } from '../error.js';
import { parseRequestHead, type RequestHead, readRawHead } from '../exchange/head.js';
import type { DelegableSession } from '../session/session.js';
import { type CountedStream, SocketStream } from '../streams/byte_stream.js';
import { ConduitStream } from '../streams/conduit_stream.js';
import { within } from '../streams/deadline.js';
import { ReadAhead } from '../streams/read_ahead.js';
import { throttled } from '../streams/throttle.js';
import {
  beginSession,
  ConnectRefused,
  isDelegable,
  openTunnel,
  rateOf,
  refusalOf,
  refusalText,
  type Tunnel,
  type TunnelContext,
  tellTunnel,
} from '../tunnel.js';

/** Bytes of a CONNECT. */
const HEAD_LIMIT = 16_384;

export interface ConduitHandlers {
  principal: Principal;
  /** The stream is that of this session from now on. */
  onSession(session: DelegableSession, stream: Stream): void;
}

/** Serves a stream that the client opened. Never rejects. */
export async function serveConduit(
  stream: Stream,
  { principal, onSession }: ConduitHandlers,
  context: TunnelContext,
): Promise<void> {
  const client = new ConduitStream(stream);
  let target = '';
  try {
    const head = await readHead(stream, client, context.settings.limits.greetingTimeout);
    if (head === undefined) return stream.destroy();
    target = head.target;
    if (head.method !== 'CONNECT') throw notConnect();
    const wish = head.headers.get('deputy-session');
    const tunnel = await openTunnel(
      {
        principal,
        target,
        wish,
        startTls: head.headers.get('deputy-start-tls'),
        isSecure: true,
        closed: stream.whenClosed(),
      },
      context,
    );
    if (stream.closed) {
      tunnel.upstream.destroy();
      return;
    }
    tellTunnel(tunnel, context);
    void client.write(tunnel.answer).catch(() => {});
    if (isDelegable(tunnel)) onSession(beginSession(tunnel, client, context), stream);
    else await relayBlindly(tunnel, client, context);
  } catch (error) {
    const refusal = refusalText(refusalOf(badRequest(error), { target, principal }, context));
    stream.write(Buffer.from(refusal)).catch(() => {});
    stream.close();
  }
}

/** The request head; what follows it stays in the stream. Undefined where the stream ended first. */
async function readHead(
  stream: Stream,
  client: ConduitStream,
  milliseconds: number,
): Promise<RequestHead | undefined> {
  const ahead = new ReadAhead(client);
  const late = () => new SessionError('BAD_REQUEST', 'no CONNECT came in time');
  const raw = await within(readRawHead(ahead, HEAD_LIMIT, 'BAD_REQUEST'), milliseconds, late);
  stream.unread(ahead.take(ahead.buffer.length));
  return raw && parseRequestHead(raw);
}

const notConnect = () =>
  new ConnectRefused({
    status: 405,
    phrase: 'Method Not Allowed',
    reason: 'This proxy makes tunnels: ask it with CONNECT host:port.',
    headers: ['Allow: CONNECT'],
  });

function badRequest(error: unknown): unknown {
  if (!(error instanceof SessionError)) return error;
  return new ConnectRefused({ status: 400, phrase: 'Bad Request', reason: error.message });
}

/** Bytes pass both ways. Each direction ends by itself; an error ends both. */
async function relayBlindly(
  { principal, upstream, target }: Tunnel,
  stream: ConduitStream,
  context: TunnelContext,
): Promise<void> {
  const rate = rateOf(principal, context);
  const client: CountedStream = rate === undefined ? stream : throttled(stream, rate);
  const origin = new SocketStream(upstream, 'ORIGIN_GONE');
  const flow = { kind: 'blind', client: principal.name, ...target, sessionId: undefined } as const;
  const judge = helloJudge(flow, context.settings);
  const gate = judge && new HelloGate(judge);
  const closed = Promise.all([copy(client, origin, gate), copy(origin, client)])
    .catch((error: Error) => {
      context.settings.log.info({ why: error.message }, 'a blind tunnel was cut');
    })
    .finally(() => {
      client.destroy();
      origin.destroy();
    });
  const blind = { closed };
  context.blind.add(blind);
  await closed;
  context.blind.delete(blind);
}

async function copy(from: CountedStream, to: CountedStream, gate?: HelloGate): Promise<void> {
  for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
    const passed = gate === undefined ? bytes : await gate.push(bytes);
    if (passed.length > 0) await to.write(passed);
  }
  const rest = gate?.end();
  if (rest !== undefined && rest.length > 0) await to.write(rest);
  await to.end();
}
