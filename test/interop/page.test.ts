// A page of three real origins, put together by the proxy: whatever becomes of the second and the third, the device gets
// one page within the time allowed, with a visible placeholder for what is missing.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IssueOptions } from '../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, type ServerKind, startOrigin } from '../../host/cli/demo/origins.js';
import { type Files, newsPage, pictureFiles, styleFiles } from '../../host/cli/demo/site.js';
import { HANDHELD, nodePlatform, type PolicyRule } from '../../host/index.js';
import { transcode } from '../../host/services/transcode/index.js';
import { Steps, type TestProxy, World } from '../host/client/world.js';

let world: World;
let proxy: TestProxy;
let pictures: Files;
/** Waits of the proxy for another origin, in milliseconds: for the session, and for each piece of its answer. */
const limits = {
  tunnelTimeout: 1500,
  otherOriginTimeout: 1500,
  connectTimeout: 1500,
  serviceTimeout: 10_000,
};
const SECONDS = 8;

beforeAll(async () => {
  world = await World.create();
  pictures = await pictureFiles();
  proxy = await world.proxy({ services: [transcode()], limits });
});
afterAll(() => world.close());

async function server(kind: ServerKind, files: Files, issue: Partial<IssueOptions> = {}): Promise<Origin> {
  const certificate = await world.authority.issue({ names: ['localhost'], ...issue });
  const origin = await startOrigin(isInstalled(kind) ? kind : 'node', { certificates: [certificate], files });
  world.onClose(() => origin.stop());
  return origin;
}

/** A TCP server that does what it is told with each connection. */
async function socketServer(onSocket: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>();
  const listener = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  world.onClose(() => {
    for (const socket of open) socket.destroy();
    listener.close();
  });
  return (listener.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/** The page whose pictures and style sheet lie at these ports: what the device gets, and how long it took. */
async function visit(
  picturePort: number,
  stylePort: number,
  {
    rules = [],
    timeouts = { handshake: 1500, connect: 1500 },
  }: { rules?: PolicyRule[]; timeouts?: object } = {},
) {
  const at = (port: number) => `https://localhost:${port}`;
  const news = await server('nginx', newsPage({ pictures: at(picturePort), styles: at(stylePort) }));
  const steps = new Steps();
  const client = world.through(proxy, {
    platform: nodePlatform(),
    profile: { ...HANDHELD, colourDepth: 16, styles: true },
    observer: steps,
    policy: { rules: [...rules, { origin: '*', decision: 'session' }] },
    timeouts,
  });
  const started = Date.now();
  const response = await client.fetch(`https://localhost:${news.port}/index.html`);
  expect(response.status).toBe(200);
  const page = await response.text();
  const seconds = (Date.now() - started) / 1000;
  await client.close();
  return { page, seconds, steps };
}

/** A rule of the third origin's style sheet. */
const FROM_THIRD = '#024';
const inlined = (page: string) => page.match(/<img [^>]*src="data:image\/(png|jpeg);base64,/g)?.length ?? 0;

/** All of the page that lies on the first origin is there, nothing refers to another one, and it took no hang. */
function expectWhole({ page, seconds }: { page: string; seconds: number }): void {
  for (const title of ['ferry, a storm', 'tide tables', 'lighthouse keeper', 'Printed on paper'])
    expect(page).toContain(title);
  expect(page.trimEnd()).toMatch(/<\/html>$/);
  expect(page).not.toMatch(/<(img|link|script|iframe)[^>]*(src|href)="https?:/);
  expect(seconds).toBeLessThan(SECONDS);
}

test('three servers, three programs: one page that needs nothing more', async () => {
  const second = await server('openssl', pictures);
  const third = await server('node', styleFiles());
  const visited = await visit(second.port, third.port);
  expectWhole(visited);
  expect(inlined(visited.page)).toBe(3);
  expect(visited.page).toContain(FROM_THIRD);
  // s_server closes after each picture, and is asked for anew.
  const ports = visited.steps.of('tunnel-granted').map(({ tunnel }) => tunnel.port);
  expect(new Set(ports)).toEqual(new Set([second.port, third.port]));
  // Each session has a secret of its own.
  const randoms = visited.steps.of('delivered').map(({ delivery }) => String(delivery.clientRandom));
  expect(new Set(randoms).size).toBe(ports.length + 1);
});

describe('pictures are missing, visibly, where their origin', () => {
  const bad: [string, () => Promise<number>][] = [
    ['refuses connections', closedPort],
    ['takes a connection and says nothing', () => socketServer(() => {})],
    ['closes at once', () => socketServer((socket) => socket.end())],
    ['speaks no TLS', () => socketServer((socket) => socket.write('220 mail.example ready\r\n'))],
    ['has an expired certificate', async () => (await server('openssl', pictures, { flaw: 'expired' })).port],
    [
      'has a certificate for another name',
      async () => (await server('openssl', pictures, { flaw: 'wrongName' })).port,
    ],
    ['has none of them', async () => (await server('nginx', {})).port],
    ['takes the request and never answers', async () => (await world.origin(() => {})).port],
    [
      'stops in the middle of a picture',
      async () =>
        (
          await world.origin((request, response) => {
            const { type, body } = pictures[request.url!]!;
            response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
            response.write(Buffer.from(body).subarray(0, 5000));
          })
        ).port,
    ],
    [
      'breaks off in the middle of a picture',
      async () =>
        (
          await world.origin((request, response) => {
            const { type, body } = pictures[request.url!]!;
            response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
            response.write(Buffer.from(body).subarray(0, 5000), () => response.destroy());
          })
        ).port,
    ],
    [
      'sends no picture',
      async () =>
        (
          await world.origin((_, response) => {
            response.writeHead(200, { 'Content-Type': 'image/jpeg' });
            response.end('this is no picture');
          })
        ).port,
    ],
  ];

  test.each(bad)('%s', async (_, start) => {
    const third = await server('node', styleFiles());
    const visited = await visit(await start(), third.port);
    expectWhole(visited);
    expect(inlined(visited.page)).toBe(0);
    // Each placeholder names the picture that is missing.
    const placeholders = [
      ...visited.page.matchAll(/deputy-missing">\[[^\][]*(ferry|tide tables|lighthouse keeper)[^\][]*\]/g),
    ];
    expect(placeholders).toHaveLength(3);
    // What the other origin has is there all the same.
    expect(visited.page).toContain(FROM_THIRD);
  });

  test('is denied by the policy of the device', async () => {
    const second = await server('openssl', pictures);
    const third = await server('node', styleFiles());
    const rule: PolicyRule = { origin: `localhost:${second.port}`, decision: 'deny' };
    const visited = await visit(second.port, third.port, { rules: [rule] });
    expectWhole(visited);
    expect(inlined(visited.page)).toBe(0);
    expect(visited.steps.of('tunnel-denied')).not.toHaveLength(0);
    expect(second.output()).not.toContain('jpg');
    expect(visited.page).toContain(FROM_THIRD);
  });
});

test('both other origins are silent, and the device is patient: still a page', async () => {
  const [second, third] = [await socketServer(() => {}), await socketServer(() => {})];
  // The device would wait for twenty seconds: the proxy waits for its own time.
  const visited = await visit(second, third, { timeouts: {} });
  expectWhole(visited);
  expect(inlined(visited.page)).toBe(0);
  expect(visited.page).not.toContain(FROM_THIRD);
});
