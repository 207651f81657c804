// What a ClientHello tells before TLS begins: read from real ones, however they are cut, and never taken for more.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createServer, connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { HELLO_LIMIT, readClientHello } from '../../../host/workers/client_hello.js';
import { testAuthority } from '../proxy/bench.js';

const NAME = randomBytes(16);

/** The first bytes of a connection that resumes a session of a server whose tickets are named NAME. */
async function hello(version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer): Promise<Buffer> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tlsConnect({
    port,
    host: '127.0.0.1',
    servername: 'origin.test',
    ALPNProtocols: ['deputy/2', 'http/1.1'],
    minVersion: version,
    maxVersion: version,
    ...(session && { session }),
  }).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

async function ticket(version: 'TLSv1.2' | 'TLSv1.3'): Promise<Buffer> {
  const { issued, authority } = await testAuthority();
  const ticketKeys = Buffer.concat([NAME, randomBytes(32)]);
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem, ticketKeys, maxVersion: version });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tlsConnect({ port, host: '127.0.0.1', servername: 'origin.test', ca: authority.root.pem });
  client.resume();
  const [session] = await once(client, 'session');
  client.destroy();
  server.close();
  return session;
}

const protocols = ['deputy/2', 'http/1.1'];

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a ClientHello of %s', (version) => {
  let fresh: Buffer;
  let resuming: Buffer;
  beforeAll(async () => {
    fresh = await hello(version);
    resuming = await hello(version, await ticket(version));
  });

  test('names the keys of its ticket, and its protocols', () => {
    expect(readClientHello(fresh)).toEqual({ ticketNames: [], protocols });
    expect(readClientHello(resuming)).toEqual({ ticketNames: [NAME], protocols });
  });

  test('is awaited to its end, and read the same when it is cut into records', () => {
    for (let length = 0; length < resuming.length; length++)
      expect(readClientHello(resuming.subarray(0, length))).toBe(undefined);
    const message = resuming.subarray(5);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: message.length - 1 }), { maxLength: 5 }),
        (cuts) => {
          const ends = [...cuts.sort((a, b) => a - b), message.length];
          const records = ends.map((end, i) => {
            const fragment = message.subarray(ends[i - 1] ?? 0, end);
            return Buffer.concat([
              Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255]),
              fragment,
            ]);
          });
          expect(readClientHello(Buffer.concat(records))).toEqual({ ticketNames: [NAME], protocols });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('with any byte wrong breaks nothing', () => {
    fc.assert(
      fc.property(fc.nat(resuming.length - 1), fc.nat(255), (at, value) => {
        const broken = Buffer.from(resuming);
        broken[at] = value;
        const facts = readClientHello(broken);
        for (const name of facts?.ticketNames ?? []) expect(name).toHaveLength(16);
      }),
      { numRuns: 500 },
    );
  });
});

test('what is none tells nothing, at once where that is sure', () => {
  for (const text of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x80\x2e\x01',
    '\x16\x03\x01\x00\x00',
    '\x16\x03\x01\xff\xff',
  ])
    expect(readClientHello(Buffer.from(text, 'latin1')), text).toEqual({ ticketNames: [], protocols: [] });
  const endless = Buffer.concat([Buffer.from('1603013ff001003fec', 'hex'), Buffer.alloc(HELLO_LIMIT)]);
  expect(readClientHello(endless)).toEqual({ ticketNames: [], protocols: [] });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      readClientHello(Buffer.from(bytes));
      readClientHello(Buffer.concat([Buffer.from([22, 3, 1, bytes.length >> 8, bytes.length & 255]), bytes]));
    }),
  );
});
