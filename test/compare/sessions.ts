// How a client comes by a connection with the origin through each proxy. TLS is Node's own in all of them.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Leg } from '../../host/delegation/delivery.js';
import { FrameType } from '../../host/delegation/frame.js';
import { type Bench, connectVia, dial, InnerClient, TestMainSession } from '../host/proxy/bench.js';
import type { Contestant, RunningProxy } from './proxies.js';

export const HOST = 'localhost';
/** The same on every leg, so that each proxy does the same work for a byte. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256';

export interface Opener {
  /** Plain HTTP to the origin. */
  open(): Promise<Duplex>;
  close(): void;
}

export function opener(
  contestant: Contestant,
  proxy: RunningProxy,
  origin: { port: number; ca: string },
): Promise<Opener> | Opener {
  return contestant.name.startsWith('deputy') ? delegating(proxy, origin) : intercepted(proxy, origin);
}

/** CONNECT, and TLS with the proxy in the origin's name. */
const intercepted = (proxy: RunningProxy, origin: { port: number }): Opener => ({
  async open() {
    const tcp = connectTcp({ port: proxy.port, host: '127.0.0.1', noDelay: true });
    tcp.on('error', () => {});
    tcp.write(`CONNECT ${HOST}:${origin.port} HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\n\r\n`);
    const [answer] = (await once(tcp, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(answer.toString('latin1'));
    const tls = connectTls({
      socket: tcp,
      ca: proxy.ca,
      servername: HOST,
      ciphers: CIPHERS,
      minVersion: 'TLSv1.3',
    });
    await once(tls, 'secureConnect');
    return tls;
  },
  close() {},
});

/** One main session; for each connection a conduit, a handshake with the origin itself, and a delivery. */
async function delegating(proxy: RunningProxy, origin: { port: number; ca: string }): Promise<Opener> {
  const bench = { port: proxy.port, ca: proxy.ca } as Bench;
  const main = await TestMainSession.open(bench, { ciphers: CIPHERS, minVersion: 'TLSv1.3' });
  let ticket: Buffer | undefined;
  main.socket.on('session', (session) => {
    ticket = session;
  });
  await main.wait(FrameType.Welcome);
  // Receipts are of no interest here, and there are many.
  main.socket.on('data', () => {
    if (main.messages.length > 64) main.messages.splice(0, 32);
  });
  return {
    async open() {
      const resumed = ticket === undefined ? {} : { session: ticket };
      const conduit = await dial(bench, 'http/1.1', { ciphers: CIPHERS, minVersion: 'TLSv1.3', ...resumed });
      const target = `${HOST}:${origin.port}`;
      const { sessionId } = await connectVia(conduit, target, { 'Deputy-Session': 'request' });
      const inner = InnerClient.start(conduit, { ca: origin.ca, servername: HOST, minVersion: 'TLSv1.3' });
      await once(inner.socket, 'secureConnect');
      // Node says so before the client's Finished is on its way.
      while (!inner.sent.some((record) => record[0] === 23)) await new Promise(setImmediate);
      main.deliver(sessionId, inner.delivery(Leg.Open));
      const active = await main.wait(FrameType.Active, (message) => message.sessionId === sessionId);
      await inner.detach(active.originRecords);
      return conduit as TLSSocket;
    },
    close: () => main.socket.destroy(),
  };
}
