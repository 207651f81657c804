// The origin can't tell: what nginx receives from a delegated session and from a direct one of the same device differs
// in nothing but random values and times.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled, type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import { TlsConnection } from '../../host/engine/tls.js';
import { type DeputyClient, nodePlatform } from '../../host/index.js';
import { World } from '../host/client/world.js';
import { KeyLog } from './key_log.js';
import { clientRandomOf, openConnection } from './opened.js';
import { recordsOf, Tap } from './tap.js';

let world: World;
let nginx: Origin;
let tap: Tap;
let proxyPort: number;
let lumpyPort: number;

/** All that nginx knows of a connection and is not random. */
const variables = [
  ...['ssl_protocol', 'ssl_cipher', 'ssl_ciphers', 'ssl_curves', 'ssl_server_name', 'ssl_session_reused'],
  ...['ssl_alpn_protocol', 'ssl_early_data', 'ssl_client_verify', 'request', 'host', 'http_user_agent'],
  ...[
    'http_accept',
    'http_accept_encoding',
    'http_accept_language',
    'http_via',
    'http_forwarded',
    'http_connection',
  ],
  ...['http_x_forwarded_for', 'http_x_test', 'content_type', 'content_length', 'request_length', 'pipe'],
  ...['connection_requests', 'remote_addr', 'scheme', 'server_protocol'],
];

beforeAll(async () => {
  world = await World.create();
  const certificates = [
    await world.authority.issue({ names: ['localhost'] }),
    await world.authority.issue({ names: ['localhost'], keyType: 'rsa-2048' }),
  ];
  const seen = variables.map((name) => `${name}=$${name}`).join(' ; ');
  // The body of a request is read only where somebody takes it: the inner location throws it away.
  nginx = await startOrigin('nginx', {
    certificates,
    more: [
      'error_log stderr debug;',
      'client_max_body_size 1m;',
      'ssl_ciphers ALL:@SECLEVEL=1;',
      `location / { default_type text/plain; return 200 "${seen}"; }`,
    ],
  });
  tap = await Tap.to(nginx.port);
  proxyPort = (await world.proxy()).port;
  const lumpy = await Tap.to(proxyPort, { lumpy: 15 });
  world.onClose(() => lumpy.close());
  lumpyPort = lumpy.port;
});
afterAll(async () => {
  await world.close();
  tap.close();
  await nginx.stop();
});

interface Capture {
  hello: Buffer;
  /** Type, version and length of each record that nginx received. */
  records: string[];
  sent: Buffer[];
  received: Buffer[];
  /** What nginx answered, which is what it saw. */
  seen: string[];
  /** Request lines and header lines in nginx's debug log. */
  lines: string[];
  /** How many bytes came before the answer of each request began. */
  end: string;
}

/** The ClientHello without its random, session id and key shares. */
function masked(hello: Buffer): Buffer {
  const bytes = Buffer.from(hello);
  bytes.fill(0, 11, 43);
  const sessionLength = bytes[43]!;
  bytes.fill(0, 44, 44 + sessionLength);
  let at = 44 + sessionLength;
  at += 2 + bytes.readUInt16BE(at);
  at += 1 + bytes[at]!;
  const end = at + 2 + bytes.readUInt16BE(at);
  for (at += 2; at < end; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (bytes.readUInt16BE(at) !== 51) continue;
    const last = at + 4 + bytes.readUInt16BE(at + 2);
    for (let share = at + 6; share < last; ) {
      const length = bytes.readUInt16BE(share + 2);
      bytes.fill(0, share + 4, share + 4 + length);
      share += 4 + length;
    }
  }
  return bytes;
}

const url = (path: string) => `https://localhost:${tap.port}${path}`;

/** The same visit each time: three requests on one connection, then an orderly end. */
async function visit(client: DeputyClient): Promise<Capture> {
  const first = tap.connections.length;
  const logged = nginx.output().length;
  const seen: string[] = [];
  const get = async (path: string, init?: RequestInit) =>
    seen.push(await (await client.fetch(url(path), init)).text());
  await get('/one?a=b%20c', { headers: { 'X-Test': 'Mixed Case, and  spaces' } });
  await get('/two', { method: 'POST', body: 'a=1&b=2', headers: { 'Accept-Language': 'eo' } });
  await get('/three', { method: 'POST', body: new Uint8Array(40_000).fill(65) });
  await client.close();
  const [connection, ...more] = tap.connections.slice(first);
  expect(more).toEqual([]);
  await expect.poll(() => connection!.client.destroyed || connection!.client.readableEnded).toBe(true);
  const sent = recordsOf(connection!.sent);
  const output = nginx.output().slice(logged);
  return {
    hello: masked(sent[0]!),
    records: sent.map(
      (record) => `${record[0]} ${record.subarray(1, 3).toString('hex')} ${record.length - 5}`,
    ),
    sent,
    received: recordsOf(connection!.received),
    seen,
    lines: [...output.matchAll(/http (request line|header): (".*")/g)].map(
      ([, what, text]) => `${what}: ${text}`,
    ),
    end: sent.at(-1)!.subarray(0, 1).toString('hex'),
  };
}

const suites = [
  ['TLS 1.3, AES-128-GCM', 0x0304, 0x1301],
  ['TLS 1.3, ChaCha20-Poly1305', 0x0304, 0x1303],
  ['TLS 1.2, AES-128-GCM', 0x0303, 0xc02b],
  ['TLS 1.2, ChaCha20-Poly1305', 0x0303, 0xcca8],
  ['TLS 1.2, AES-256-CBC with SHA-384', 0x0303, 0xc028],
] as const;

describe.skipIf(!isInstalled('nginx'))('what nginx receives', () => {
  test.each(suites)('%s', async (_, version, suite) => {
    const options = {
      platform: nodePlatform(),
      tls: { minVersion: version, maxVersion: version, cipherSuites: [suite] },
    };
    // What the device itself seals of the direct session, and what the delegated session's secret opens.
    const written: Buffer[] = [];
    const secrets: Buffer[] = [];
    const { write, deliver } = TlsConnection.prototype;
    TlsConnection.prototype.write = function (bytes) {
      const accepted = write.call(this, bytes);
      written.push(Buffer.from(bytes.subarray(0, accepted)));
      return accepted;
    };
    TlsConnection.prototype.deliver = function (grant) {
      const secret = deliver.call(this, grant);
      secrets.push(Buffer.from(secret));
      return secret;
    };
    try {
      const direct = await visit(world.client(options));
      const plaintext = Buffer.concat(written);
      const policy = { rules: [{ origin: '*', decision: version === 0x0303 ? 'full' : 'session' } as const] };
      const delegated = await visit(
        world.through({ port: proxyPort }, { ...options, policy, conduits: 'separate' }),
      );

      // However the device's records reach the proxy, together or each for itself.
      const lumpy = await visit(
        world.through({ port: lumpyPort }, { ...options, policy, conduits: 'separate' }),
      );

      expect(lumpy.records).toEqual(direct.records);
      expect(delegated.hello.toString('hex')).toBe(direct.hello.toString('hex'));
      expect(delegated.records).toEqual(direct.records);
      expect(delegated.seen).toEqual(direct.seen);
      expect(direct.seen[0]).toContain(`ssl_protocol=TLSv${version === 0x0304 ? '1.3' : '1.2'}`);
      expect(delegated.lines).toEqual(direct.lines);
      expect(delegated.lines.filter((line) => line.startsWith('request line'))).toHaveLength(3);
      if (suite === 0xc02b) {
        const nonces = ({ sent }: Capture) =>
          sent.slice(sent.findIndex((r) => r[0] === 20) + 1).map((r) => r.subarray(5, 13).toString('hex'));
        expect(nonces(delegated)).toEqual(nonces(direct));
      }
      // Byte for byte the same requests.
      expect(secrets).toHaveLength(2);
      const opened = openDelegated(delegated, version, secrets[0]!);
      expect(opened.includes(Buffer.from('POST /three'))).toBe(true);
      expect(opened.equals(plaintext)).toBe(true);
    } finally {
      Object.assign(TlsConnection.prototype, { write, deliver });
    }
  });
});

test('a large upload that the origin takes slowly comes in the records of the device', async () => {
  // nginx answers before it has the body; this one waits for it.
  const origin = await world.origin((request, response) => {
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on('end', () => response.end(`${length} bytes`));
  });
  const slow = await Tap.to(origin.port, { stall: 400 });
  const sizes = async (client: DeputyClient) => {
    const body = new Uint8Array(12_000_000);
    const response = await client.fetch(`https://localhost:${slow.port}/`, { method: 'POST', body });
    expect(await response.text()).toBe('12000000 bytes');
    await client.close();
    const sent = recordsOf(slow.connections.pop()!.sent);
    const counts = new Map<number, number>();
    for (const { length } of sent) counts.set(length, (counts.get(length) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => a - b);
  };
  const options = { platform: nodePlatform({ engine: 'v8' }) };
  const direct = await sizes(world.client(options));
  // Frames of the main session end where credit does; what was written at once goes on as one record all the same.
  for (const conduits of ['separate', 'streams'] as const) {
    expect(await sizes(world.through({ port: proxyPort }, { ...options, conduits })), conduits).toEqual(
      direct,
    );
  }
  slow.close();
});

/** Application data of the client on the wire to nginx, opened by what was delivered. */
function openDelegated({ sent, received }: Capture, version: number, secret: Buffer): Buffer {
  const log = new KeyLog();
  const random = clientRandomOf(sent).toString('hex');
  const half = secret.length / 2;
  if (version === 0x0303) log.add(`CLIENT_RANDOM ${random} ${secret.toString('hex')}`);
  else {
    // The handshake's own keys were never delivered: its records stay closed.
    for (const [side, part] of [
      ['CLIENT', secret.subarray(0, half)],
      ['SERVER', secret.subarray(half)],
    ] as const) {
      log.add(`${side}_TRAFFIC_SECRET_0 ${random} ${part.toString('hex')}`);
      log.add(`${side}_HANDSHAKE_TRAFFIC_SECRET ${random} ${part.toString('hex')}`);
    }
  }
  // TLS 1.3: one record, Finished, lies before the client's application keys; the server's side is not of interest.
  const finished = sent.findIndex(({ 0: type }) => type === 23);
  const mine = version === 0x0303 ? sent : sent.filter((_, index) => index !== finished);
  const serverSide = version === 0x0303 ? received : received.filter((record) => record[0] === 22);
  const { records } = openConnection(mine, serverSide, log);
  const data = records.filter(({ direction, type }) => direction === 'client' && type === 23);
  return Buffer.concat(data.map(({ content }) => content));
}
