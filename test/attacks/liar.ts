// A client that is admitted and lies: it shakes hands with the origin itself, does what it likes before it delivers, and delivers
// what it likes.
import type { TLSSocket } from 'node:tls';
import { type Delivery, Leg } from '../../host/delegation/delivery.js';
import { FrameType } from '../../host/delegation/frame.js';
import { connectVia, dial, InnerClient, type ProxyAddress, TestMainSession } from '../host/proxy/bench.js';
import { TOKENS } from './world.js';

export interface LiarOptions {
  who?: keyof typeof TOKENS;
  main?: TestMainSession;
  /** In its hello. */
  servername: string;
  version?: 'TLSv1.2' | 'TLSv1.3';
  leg?: 'open' | 'mirror';
  /** Before the delivery. */
  before?: (inner: InnerClient) => Promise<Partial<Delivery> | undefined>;
  delivery?: Partial<Delivery>;
}

export interface Lied {
  main: TestMainSession;
  sessionId: string;
  /** What carries content; undefined where the proxy did not take part. */
  stream: InnerClient['socket'] | TLSSocket | undefined;
  /** Why it did not. */
  refusal: string | undefined;
}

/** A session with `target` that was delivered, or tried to be. */
export async function lie(proxy: ProxyAddress, target: string, options: LiarOptions): Promise<Lied> {
  const { who = 'alice', servername, version = 'TLSv1.3', leg = 'open', before } = options;
  const main = options.main ?? (await TestMainSession.open(proxy, { token: TOKENS[who] }));
  const conduit = await dial(proxy, 'http/1.1');
  const { status, sessionId } = await connectVia(conduit, target, {
    'Proxy-Authorization': `Bearer ${TOKENS[who]}`,
    'Deputy-Session': leg === 'mirror' ? 'request; leg=mirror' : 'request',
  });
  if (status !== 200) return { main, sessionId, stream: undefined, refusal: `CONNECT: ${status}` };
  const inner = await InnerClient.open(conduit, {
    ca: proxy.ca,
    servername,
    minVersion: version,
    maxVersion: version,
  });
  const changes = { ...(await before?.(inner)), ...options.delivery };
  const own = (message: { sessionId: string }) => message.sessionId === sessionId;
  if (leg === 'mirror') main.deliver('0'.repeat(32), inner.logged(changes));
  else main.deliver(sessionId, inner.delivery(Leg.Open, changes));
  const answer = await Promise.race([main.wait(FrameType.Active, own), main.wait(FrameType.Error, own)]);
  if (answer.type === FrameType.Error) {
    return { main, sessionId, stream: undefined, refusal: `${answer.code}: ${answer.text}` };
  }
  if (leg === 'mirror') return { main, sessionId, stream: inner.socket, refusal: undefined };
  await inner.detach(answer.originRecords);
  return { main, sessionId, stream: conduit, refusal: undefined };
}

/** Asks on a session, and reads until `until` is there, for two seconds at the most; what came. */
export async function ask(
  { stream }: Pick<Lied, 'stream'>,
  request: string,
  until: RegExp = /\n$/,
): Promise<string> {
  if (stream === undefined) return '';
  stream.write(request);
  let seen = '';
  const end = Date.now() + 2000;
  while (!until.test(seen.split('\r\n\r\n').slice(1).join()) && Date.now() < end && !stream.destroyed) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) seen += chunk.toString('latin1');
    else if (stream.readableEnded) break;
    else await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return seen;
}

/** Lets go of a session, so that what was under way is done. */
export async function leave({ main, stream }: Lied): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream?.destroy();
  main.socket.destroy();
}
