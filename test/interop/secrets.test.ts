// After sessions have ended nothing secret is left: not in the linear memory of the device program, not in what
// `deputy` prints and logs, not in the memory of the proxy's process.
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get as httpsGet } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Program } from '../../host/engine/program.js';
import { nodePlatform } from '../../host/index.js';
import { TOKEN, World } from '../host/client/world.js';
import type { Issued } from '../setup/authority.js';
import { buildCommand, Command, deputy } from './command.js';
import { KeyLog } from './key_log.js';
import { withServerKeys } from './logged.js';
import { clientRandomOf, openConnection } from './opened.js';
import { recordsOf, Tap } from './tap.js';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

let world: World;
let folder: string;
let identity: Issued;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-secrets-'));
  identity = await world.authority.issue({ names: ['device 7'], isClient: true });
  await writeFile(path('ca.pem'), world.authority.root.pem);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** An origin that wants the device's certificate, behind a tap, its keys logged. */
async function origin(version: (typeof versions)[number], log: KeyLog): Promise<Tap> {
  const issued = await world.authority.issue({ names: ['localhost'] });
  const limits = {
    minVersion: version,
    maxVersion: version,
    requestCert: true,
    ca: world.authority.root.pem,
  };
  const server = createServer(
    { cert: issued.chainPem, key: issued.keyPem, ...limits },
    (request, response) => {
      response.setHeader('connection', 'close');
      response.end(`<html><body><p>for ${request.url}</p></body></html>`);
    },
  );
  server.on('keylog', (line: Buffer) => log.add(line));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tap = await Tap.to((server.address() as AddressInfo).port);
  world.onClose(() => {
    tap.close();
    server.closeAllConnections();
    server.close();
  });
  return tap;
}

/** All that was logged, and all keys that the recorded connections derived from it, in pieces of 16 bytes. */
function secretsOf(log: KeyLog, taps: Tap[]): [what: string, piece: Buffer][] {
  const named: [string, Buffer][] = [...log.all()];
  for (const { connections } of taps) {
    for (const { sent, received } of connections) {
      const records = recordsOf(sent);
      if (records.length === 0 || !isComplete(log, clientRandomOf(records))) continue;
      for (const key of openConnection(records, recordsOf(received), log).keys) named.push(['key', key]);
    }
  }
  const scalar = Buffer.from(identity.key.export({ format: 'jwk' }).d!, 'base64url');
  named.push(['private key', scalar]);
  return named.flatMap(([what, secret]) => {
    const pieces: [string, Buffer][] = [];
    for (let at = 0; at + 16 <= secret.length; at += 16) pieces.push([what, secret.subarray(at, at + 16)]);
    return pieces;
  });
}

/** A handshake that was broken off has no keys to derive. */
const isComplete = (log: KeyLog, random: Buffer) =>
  log.has(random, 'CLIENT_RANDOM') || log.has(random, 'CLIENT_TRAFFIC_SECRET_0');

const found = (memory: Buffer, secrets: [string, Buffer][]) => [
  ...new Set(secrets.filter(([, piece]) => memory.includes(piece)).map(([what]) => what)),
];

/** In any form that a program prints bytes in. */
function printed(text: string, secrets: [string, Buffer][]): string[] {
  const hexOnly = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  const wholes = [text, text.replace(/[\s[\]]/g, '')];
  return [
    ...new Set(
      secrets
        .filter(
          ([, piece]) =>
            hexOnly.includes(piece.toString('hex')) ||
            text.includes(piece.toString('base64').slice(0, 20)) ||
            text.includes(piece.toString('latin1')) ||
            wholes.some((whole) => whole.includes([...piece].join(','))),
        )
        .map(([what]) => what),
    ),
  ];
}

describe.each(versions)('the linear memory of the device, %s', (version) => {
  test.each(['session', 'full'] as const)('holds no secret after a client with grant %s', async (grant) => {
    const log = new KeyLog();
    const toOrigin = await origin(version, log);
    const proxy = await withServerKeys(log, () => world.proxy());
    const toProxy = await Tap.to(proxy.port);
    world.onClose(() => toProxy.close());
    let program: Program | undefined;
    const real = nodePlatform();
    const platform = {
      ...real,
      loadProgram: async () => {
        program = await real.loadProgram();
        return program;
      },
    };
    const client = world.through(
      { port: toProxy.port },
      {
        platform,
        identity: { certificate: identity.chainPem, key: identity.keyPem },
        policy: { rules: [{ origin: '*', decision: grant }] },
      },
    );
    for (const page of ['one', 'two', 'three']) {
      const text = await (await client.fetch(`https://localhost:${toOrigin.port}/${page}`)).text();
      expect(text).toContain(page);
    }
    // While the main session lives its secrets are there: the search finds what is to be found.
    const alive = Buffer.from(program!.memory());
    const secrets = secretsOf(log, [toOrigin, toProxy]);
    expect(secrets.length).toBeGreaterThan(50);
    expect(found(alive, secrets)).toContain('SERVER_TRAFFIC_SECRET_0');
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const memory = Buffer.from(program!.memory());
    expect(found(memory, secrets)).toEqual([]);
    expect(memory.includes(TOKEN)).toBe(false);
    // Nor a request or a page.
    expect(memory.includes('GET /three')).toBe(false);
  });

  test('holds no secret after sessions that failed', async () => {
    const log = new KeyLog();
    const toOrigin = await origin(version, log);
    const proxy = await withServerKeys(log, () => world.proxy({ limits: { deliveryTimeout: 200 } }));
    const toProxy = await Tap.to(proxy.port);
    world.onClose(() => toProxy.close());
    let program: Program | undefined;
    const real = nodePlatform();
    const loadProgram = async () => {
      program = await real.loadProgram();
      return program;
    };
    const client = world.through({ port: toProxy.port }, { platform: { ...real, loadProgram } });
    const url = `https://localhost:${toOrigin.port}/`;
    // This origin refuses a device without a certificate; in TLS 1.3 only after the handshake.
    await expect(client.fetch(url).then((response) => response.text())).rejects.toThrow();
    for (const { client, server } of toProxy.connections) {
      client.destroy();
      server.destroy();
    }
    await expect(client.fetch(url).then((response) => response.text())).rejects.toThrow();
    await client.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const memory = Buffer.from(program!.memory());
    const handshakes = log
      .all()
      .flatMap(([what, secret]): [string, Buffer][] => [[what, secret.subarray(0, 16)]]);
    expect(handshakes.length).toBeGreaterThan(5);
    expect(found(memory, handshakes)).toEqual([]);
  });
});

/** A request of some kilobytes that the proxy turns down. */
function askLong(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      ca: world.authority.root.pem,
      headers: { 'X-Long': 'x'.repeat(12_000) },
    };
    httpsGet(options, (response) => {
      expect(response.statusCode).toBe(405);
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}

/** All readable memory of another process. */
function memoryOf(pid: number): Buffer[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const regions: Buffer[] = [];
  for (const line of maps.split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ 0*(\d+) *(.*)$/.exec(line);
    if (match === null || match[4] === '[vvar]') continue;
    const start = Number.parseInt(match[1]!, 16);
    const length = Number.parseInt(match[2]!, 16) - start;
    if (length > 1 << 28) continue;
    const bytes = Buffer.alloc(length);
    try {
      readSync(file, bytes, 0, length, start);
      regions.push(bytes);
    } catch {
      // Reserved, not mapped.
    }
  }
  closeSync(file);
  return regions;
}

describe.each(versions)('the command, %s', (version) => {
  const log = new KeyLog();
  let toOrigin: Tap;
  let toProxy: Tap;
  let proxy: Command;

  beforeAll(async () => {
    toOrigin = await origin(version, log);
    const issued = await world.authority.issue({ names: ['localhost'] });
    await writeFile(path('proxy.pem'), issued.chainPem);
    await writeFile(path('proxy.key'), issued.keyPem);
    await writeFile(path('tokens'), `device:${TOKEN}\n`);
    await writeFile(path('device.pem'), identity.chainPem);
    await writeFile(path('device.key'), identity.keyPem);
    proxy = Command.start(
      [
        ...[
          'proxy',
          '--listen',
          '127.0.0.1:0',
          '--cert',
          path('proxy.pem'),
          '--key',
          path('proxy.key'),
          '--json',
        ],
        ...['--token-file', path('tokens'), '--allow-target', '127.0.0.0/8', '--log-level', 'debug'],
        ...['--service', 'transcode'],
      ],
      { node: [`--tls-keylog=${path(`keys-${version}`)}`, '--expose-gc'] },
    );
    world.onClose(() => proxy.stop());
    const [, port] = await proxy.says(/"port":(\d+)/);
    toProxy = await Tap.to(Number(port));
    world.onClose(() => toProxy.close());
  });

  const get = (...args: string[]) =>
    deputy(
      [
        ...['get', ...args, '--proxy', `localhost:${toProxy.port}`],
        ...(args.includes('--proxy-ca') ? [] : ['--proxy-ca', path('ca.pem')]),
        ...(args.includes('--ca') ? [] : ['--ca', path('ca.pem')]),
        ...['--cert', path('device.pem'), '--key', path('device.key')],
      ],
      { DEPUTY_TOKEN: args.includes('--wrong') ? 'a-wrong-but-secret-token' : TOKEN },
    );

  test('prints no secret: pages, traces, JSON, errors and the log', async () => {
    const url = `https://localhost:${toOrigin.port}/page`;
    const runs = [
      await get(url),
      await get(url, '--trace'),
      await get(url, '--trace', '--grant', 'full'),
      await get(url, '--json'),
      await get(url, '--json', '--trace', '--engine', 'v8'),
      await get(`https://127.0.0.1:${toOrigin.port}/`, '--trace'),
      await get(`https://localhost:${toOrigin.port + 1}/`, '--trace'),
      await get(url, '--trace', '--ca', path('device.pem')),
      await get(url, '--json', '--proxy-ca', path('device.pem')),
    ];
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
    log.add(await readFile(path(`keys-${version}`)));
    const secrets = secretsOf(log, [toOrigin, toProxy]);
    expect(secrets.length).toBeGreaterThan(100);
    const text = [...runs.flatMap(({ stdout, stderr }) => [stdout, stderr]), proxy.stdout, proxy.stderr].join(
      '\n',
    );
    expect(text).toContain('session active');
    expect(text.length).toBeGreaterThan(10_000);
    expect(printed(text, secrets)).toEqual([]);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain('PRIVATE KEY');
    // The search finds what is there: the randoms are told, and public.
    const random = clientRandomOf(recordsOf(toOrigin.connections[0]!.sent));
    expect(printed(`${text} ${random.toString('hex')}`, [['random', random]])).toEqual(['random']);
  });

  test.skipIf(!existsSync('/proc/self/mem'))(
    'leaves no delivered secret in the memory of the proxy',
    async () => {
      const first = toOrigin.connections.length;
      expect((await get(`https://localhost:${toOrigin.port}/last`)).status).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // OpenSSL and Node decrypt into buffers that they don't wipe and use again: the next records take the place of
      // the last ones there.
      for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 20 }, () => askLong(toProxy.port)));
      const connection = toOrigin.connections[first]!;
      const random = clientRandomOf(recordsOf(connection.sent));
      const opened = openConnection(recordsOf(connection.sent), recordsOf(connection.received), log);
      const labels =
        version === 'TLSv1.2' ? ['CLIENT_RANDOM'] : ['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0'];
      const delivered = labels.map((label): [string, Buffer] => [label, log.secret(random, label)]);
      const secrets = [...delivered, ...opened.keys.map((key): [string, Buffer] => ['key', key])];
      const pieces = secrets
        .filter(([, secret]) => secret.length >= 16)
        .map(([what, secret]): [string, Buffer] => [what, secret.subarray(0, 16)]);
      expect(pieces.length).toBeGreaterThanOrEqual(3);
      const regions = memoryOf(proxy.child.pid!);
      // The search finds what is there.
      expect(regions.some((region) => region.includes(path('proxy.key')))).toBe(true);
      const left = new Set(regions.flatMap((region) => found(region, pieces)));
      expect([...left]).toEqual([]);
    },
  );
});
