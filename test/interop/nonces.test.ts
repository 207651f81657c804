// Over a whole delegated session no key and nonce seal two different plaintexts on any leg, as a listener on each wire
// sees it: device to proxy, and proxy to origin.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CipherChange } from '../../host/delegation/message.js';
import { nodePlatform, type Observer } from '../../host/index.js';
import type { Service } from '../../host/services/service.js';
import { openssl } from '../assembly/handshake/origins.js';
import { World } from '../host/client/world.js';
import { type Bench, readUntil } from '../host/proxy/bench.js';
import { delegate } from '../host/proxy/delegated.js';
import { KeyLog } from './key_log.js';
import { withServerKeys } from './logged.js';
import { clientRandomOf, type OpenedRecord, openConnection, sealAgain } from './opened.js';
import { recordsOf, Tap } from './tap.js';
import { tappedOrigin } from './tapped_origin.js';

/** Changes requests and answers, so that what is sealed again differs from what was opened. */
const changing: Service = {
  name: 'changing',
  request: ({ request }) => {
    request.headers.set('X-Changed', 'by the proxy');
    return { kind: 'change', headers: request.headers };
  },
  response: () => ({
    body: async function* (body) {
      for await (const chunk of body) yield Buffer.from(chunk.map((byte) => byte ^ 0x20));
    },
  }),
};

const log = new KeyLog();
let world: World;
let toProxy: Tap;
let proxyPort: number;
beforeAll(async () => {
  world = await World.create();
  const proxy = await withServerKeys(log, () => world.proxy({ services: [changing] }));
  proxyPort = proxy.port;
  toProxy = await Tap.to(proxyPort);
  world.onClose(() => toProxy.close());
});
afterAll(() => world.close());

const suites = [
  ['TLSv1.3', 'TLS_AES_128_GCM_SHA256', 0x1301],
  ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 0x1302],
  ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256', 0x1303],
  ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256', 0xc02b],
  ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305', 0xcca9],
  ['TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384', 0xc024],
] as const;

/** An origin of this suite alone. */
async function originOf(version: 'TLSv1.2' | 'TLSv1.3', ciphers: string): Promise<Tap> {
  const limits = { minVersion: version, maxVersion: version, ciphers };
  return tappedOrigin(world, log, limits, (request, response) => {
    request.resume();
    request.on('end', () => response.end(Buffer.alloc(70_000, `${request.method} ${request.url} `)));
  });
}

/** Everything that was sealed on the connections of a tap from `first` on. */
const opened = (tap: Tap, first = 0) =>
  tap.connections
    .slice(first)
    .filter(({ sent }) => recordsOf(sent).length > 0 && log.has(clientRandomOf(recordsOf(sent))))
    .map(({ sent, received }) => openConnection(recordsOf(sent), recordsOf(received), log));

/** The (key, nonce) pairs that sealed more than one plaintext. */
function reused(records: OpenedRecord[]): string[] {
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const { key, nonce, type, content } of records) {
    const pair = `${key} ${nonce}`;
    const plaintext = `${type} ${content.toString('hex')}`;
    const before = seen.get(pair);
    if (before !== undefined && before !== plaintext) twice.push(pair);
    seen.set(pair, plaintext);
  }
  return twice;
}

describe.each(suites)('%s %s', (version, cipher, suite) => {
  test('open leg', async () => {
    const first = toProxy.connections.length;
    const toOrigin = await originOf(version, cipher);
    const client = world.through(
      { port: toProxy.port },
      {
        platform: nodePlatform(),
        tls: { cipherSuites: version === 'TLSv1.2' ? [suite] : [0x1301, 0x1302, 0x1303] },
      },
    );
    const url = `https://localhost:${toOrigin.port}`;
    expect(await (await client.fetch(`${url}/one`)).text()).toContain('get\0\x0fONE');
    const posted = await client.fetch(`${url}/two`, { method: 'POST', body: Buffer.alloc(50_000, 'body') });
    expect((await posted.text()).length).toBe(70_000);
    await client.close();

    const [origin, ...more] = opened(toOrigin);
    expect([more.length, origin!.suite]).toEqual([0, suite]);
    // The main session carries the conduit.
    const proxySide = opened(toProxy, first);
    expect(proxySide).toHaveLength(1);
    const text = Buffer.concat(origin!.records.map(({ content }) => content)).toString('latin1');
    expect(text).toContain('X-Changed: by the proxy');
    // The device sealed its own flight and no more; everything after it is the proxy's work on this wire.
    expect(origin!.records.filter(({ direction }) => direction === 'client').length).toBeGreaterThan(4);
    const all = [...proxySide, origin!].flatMap(({ records }) => records);
    expect(all.length).toBeGreaterThan(30);
    expect(reused(all)).toEqual([]);
  });

  test('mirror leg', async () => {
    const first = toProxy.connections.length;
    const toOrigin = await originOf(version, cipher);
    const bench = { port: toProxy.port, ca: world.authority.root.pem } as Bench;
    const { stream, inner, main, conduit } = await delegate(bench, `127.0.0.1:${toOrigin.port}`, 'mirror', {
      minVersion: version,
      maxVersion: version,
      ciphers: cipher,
    });
    for (const path of ['/one', '/two']) {
      stream.write(`GET ${path} HTTP/1.1\r\nHost: origin.test\r\n\r\n`);
      await readUntil(stream, '\r\n\r\n');
      let length = 0;
      while (length < 60_000) length += (await readUntil(stream, 'g')).length;
    }
    inner.socket.end();
    await once(conduit, 'close').catch(() => {});
    main.socket.destroy();

    const [origin] = opened(toOrigin);
    const proxySide = opened(toProxy, first);
    expect(proxySide).toHaveLength(2);
    const wires = [...proxySide, origin!].flatMap(({ records }) => records);
    expect(reused(wires)).toEqual([]);
    // The records that the mirror's own TLS carried inside the conduit.
    const mirror = openConnection(inner.sent, inner.received, log);
    expect(mirror.records.filter(({ type }) => type === 23).length).toBeGreaterThan(8);
    expect(reused(mirror.records)).toEqual([]);
    const both = reused([...mirror.records, ...origin!.records]);
    if (version === 'TLSv1.2' && cipher !== 'ECDHE-ECDSA-CHACHA20-POLY1305') {
      // Explicit nonces and IVs are kept apart even between the legs.
      expect(both).toEqual([]);
    } else {
      // RFC 9846 §5.3 fixes the nonces: the two legs share them, which is why the mirror must lie inside another TLS.
      expect(both.length).toBeGreaterThan(0);
      const inTheClear = Buffer.concat(
        toProxy.connections.slice(first).flatMap(({ sent, received }) => [...sent, ...received]),
      );
      for (const { sealed } of mirror.records) expect(inTheClear.includes(sealed)).toBe(false);
    }
  });
});

test('OpenSSL moves both keys on while the proxy is active', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deputy-keys-'));
  world.onClose(() => rm(folder, { recursive: true }));
  const issued = await world.authority.issue({ names: ['localhost'] });
  const file = join(folder, 'keys');
  const server = await openssl(issued, ['-tls1_3', '-crlf', '-keylogfile', file]);
  world.onClose(() => server.stop());
  const toOrigin = await Tap.to(server.port);
  world.onClose(() => toOrigin.close());
  const updates: CipherChange[] = [];
  const observer: Observer = {
    onStep: (step) => {
      if (step.step !== 'cipher-changed' || step.message.change === CipherChange.Ticket) return;
      updates.push(step.message.change);
    },
  };
  const client = world.through({ port: proxyPort }, { platform: nodePlatform(), observer });
  for (const [index, text] of ['first', 'second', 'third'].entries()) {
    const fetching = client.fetch(`https://localhost:${toOrigin.port}/${text}`);
    await expect.poll(() => server.output()).toContain(`GET /${text} `);
    server.type('K\n');
    // The answer of the proxy's own KeyUpdate comes before OpenSSL reads the next line.
    await expect.poll(() => updates.length).toBe(2 * (index + 1));
    // It sends whole lines alone; -crlf ends them as HTTP does.
    server.type(`HTTP/1.1 200 OK\nContent-Length: ${text.length + 2}\n\n${text}\n`);
    const body = Buffer.from(await (await fetching).arrayBuffer());
    expect(body.map((byte) => byte ^ 0x20).toString()).toBe(`${text}\r\n`);
  }
  log.add(await readFile(file));
  const [origin] = opened(toOrigin);
  // Handshake, first and three more generations of each direction; under the client's last nothing was sent yet.
  expect(new Set(origin!.records.map(({ key }) => key)).size).toBe(2 * (1 + 1 + 3) - 1);
  expect(reused(origin!.records)).toEqual([]);
});

test('a reused nonce would be seen', async () => {
  const toOrigin = await originOf('TLSv1.3', 'TLS_AES_128_GCM_SHA256');
  const client = world.client();
  await (await client.fetch(`https://localhost:${toOrigin.port}/`)).text();
  const [{ sent, received }] = toOrigin.connections as [Tap['connections'][0]];
  const [before] = opened(toOrigin);
  expect(reused(before!.records)).toEqual([]);
  const request = before!.records.find(({ direction, type }) => direction === 'client' && type === 23)!;
  const again = sealAgain(request, 'aes-128-gcm', Buffer.from('another plaintext'));
  const after = openConnection([...recordsOf(sent), again], recordsOf(received), log);
  expect(reused(after.records)).toEqual([`${request.key} ${request.nonce}`]);
});
