// One address with many tenants, told apart by the name in the hello: what one of them answers must not pass for another's.
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import sharp from 'sharp';
import { FrameType } from '../../host/delegation/frame.js';
import { HandshakeView } from '../../host/proxy/record/handshake_view.js';
import { connectVia, dial, InnerClient, type TestMainSession } from '../host/proxy/bench.js';
import type { Attack } from './attack.js';
import { ask, type Lied, leave, lie } from './liar.js';
import { type AttackWorld, type ProxyProcess, TOKENS } from './world.js';

type Tenant = 'victim.test' | 'attacker.test';

const COLOURS = { 'victim.test': '#ffffff', 'attacker.test': '#ff0000' } as const;

/** A page with a picture for each tenant, behind one port. */
async function front(world: AttackWorld): Promise<number> {
  const ports = new Map<string, number>();
  for (const name of ['victim.test', 'attacker.test'] as const) {
    const create = { width: 16, height: 16, channels: 3 as const, background: COLOURS[name] };
    const picture = await sharp({ create }).png().toBuffer();
    const { chainPem: cert, keyPem: key } = await world.issue([name]);
    const server = createHttps({ cert, key }, (request, response) => {
      response.setHeader('Cache-Control', 'public, max-age=600');
      const isPicture = request.url?.endsWith('.png') === true;
      response.setHeader('Content-Type', isPicture ? 'image/png' : 'text/html');
      response.end(isPicture ? picture : `<html><body>${name}<img src="/logo.png"></body></html>`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    world.onClose(() => {
      server.closeAllConnections();
      server.close();
    });
    ports.set(name, (server.address() as AddressInfo).port);
  }
  const router = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      const view = new HandshakeView();
      view.client.record(bytes.subarray(0, 5 + bytes.readUInt16BE(3)));
      const to = connect(ports.get(view.clientHello?.sni ?? '') ?? 0, '127.0.0.1');
      to.on('error', () => socket.destroy());
      to.write(bytes);
      socket.pipe(to).pipe(socket);
    });
  });
  router.listen(0, '127.0.0.1');
  await once(router, 'listening');
  world.onClose(() => router.close());
  return (router.address() as AddressInfo).port;
}

/** Answers the proxy's TUNNEL with a session that names `servername`. */
async function serve(
  proxy: ProxyProcess,
  main: TestMainSession,
  who: keyof typeof TOKENS,
  servername: Tenant,
) {
  const { host, port, requestId } = await main.wait(FrameType.Tunnel);
  const conduit = await dial(proxy, 'http/1.1');
  const { sessionId } = await connectVia(conduit, `${host}:${port}`, {
    'Proxy-Authorization': `Bearer ${TOKENS[who]}`,
    'Deputy-Session': 'request',
  });
  const inner = await InnerClient.open(conduit, { ca: proxy.ca, servername });
  main.deliver(sessionId, inner.delivery(0, { requestId }));
}

async function colourOf(html: string): Promise<string> {
  const match = /data:image\/\w+;base64,([A-Za-z0-9+/=]+)/.exec(html);
  if (match?.[1] === undefined) return 'no picture';
  const picture = sharp(Buffer.from(match[1], 'base64')).flatten().toColourspace('srgb').raw();
  const [red, green] = await picture.toBuffer();
  return red !== undefined && green !== undefined && red > 200 && green < 100
    ? "the attacker's"
    : "the victim's";
}

const proxyFor = (world: AttackWorld, more: string[] = []) =>
  world.proxy([
    ...['--resolve', 'victim.test=127.0.0.1', '--resolve', 'attacker.test=127.0.0.1'],
    ...['--cache', 'memory', '--origin-ca', world.path('ca.pem'), '--log-level', 'warn', ...more],
  ]);

const partOfPage: Attack = {
  name: "a picture of victim.test's page from another tenant of its address",
  expected: "bob's page has the victim's picture",
  async run(world) {
    const port = await front(world);
    const proxy = await proxyFor(world, ['--service', 'transcode', '--device', 'handheld']);
    const target = `victim.test:${port}`;
    const request = `GET / HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`;
    const asked = async (session: Lied, who: keyof typeof TOKENS, servername: Tenant) => {
      void serve(proxy, session.main, who, servername).catch(() => {});
      const page = await ask(session, request, /<\/html>/);
      await leave(session);
      return colourOf(page);
    };
    const servername = 'victim.test';
    await asked(await lie(proxy, target, { servername }), 'alice', 'attacker.test');
    const bobs = await asked(await lie(proxy, target, { servername, who: 'bob' }), 'bob', 'victim.test');
    return { held: bobs === "the victim's", outcome: `bob sees ${bobs}` };
  },
};

const whole: Attack = {
  name: 'a session whose hello names another tenant than CONNECT',
  expected: "bob gets victim.test's page, of the origin",
  async run(world) {
    const port = await front(world);
    const proxy = await proxyFor(world);
    const target = `victim.test:${port}`;
    const request = `GET / HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
    const got: string[] = [];
    for (const [who, servername] of [
      ['alice', 'attacker.test'],
      ['bob', 'victim.test'],
    ] as const) {
      const session = await lie(proxy, target, { who, servername });
      got.push(await ask(session, request, /<\/html>/));
      await leave(session);
    }
    const page = got[1] ?? '';
    const held = page.includes('victim.test') && !/cache-status: deputy; hit/i.test(page);
    return { held, outcome: `bob got ${/<body>([^<]*)/.exec(page)?.[1]}` };
  },
};

export const tenants: Attack[] = [partOfPage, whole];
