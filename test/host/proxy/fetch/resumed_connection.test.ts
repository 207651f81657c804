// Further connections to real origins: each kind of session is resumed, and nothing but a resumption is accepted.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { OriginOptions, ServerKind } from '../../../../host/cli/demo/origins.js';
import type { Resumption } from '../../../../host/delegation/resumption.js';
import { readRawHead } from '../../../../host/proxy/exchange/head.js';
import type { FurtherConnection } from '../../../../host/proxy/fetch/resumed_connection.js';
import { ReadAhead } from '../../../../host/proxy/streams/read_ahead.js';
import { NAME, testAuthority } from '../bench.js';
import { listen } from '../delegated.js';
import { startApache } from './apache.js';
import { dial, openFurther, origin, sessionOf, sessionsOf } from './world.js';

const open: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of open) await close();
});

async function startServer(kind: ServerKind | 'apache', options: Partial<OriginOptions>): Promise<number> {
  const server = kind === 'apache' ? await startApache(options.more) : await origin(kind, options);
  open.push(() => server.stop());
  return server.port;
}

/** The status line that the origin answers with. */
async function ask(connection: FurtherConnection, path = '/'): Promise<string> {
  const stream = connection.originStream;
  await stream.write(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`));
  const head = await readRawHead(new ReadAhead(stream), 65_536, 'BAD_RESPONSE');
  return head!.toString('latin1').split('\r\n')[0]!;
}

const kinds: [string, ServerKind | 'apache', Partial<OriginOptions>, Partial<Resumption>][] = [
  ['nginx, TLS 1.2 ticket', 'nginx', { version: '1.2' }, { protocolVersion: 0x0303 }],
  [
    'nginx, TLS 1.2 session id',
    'nginx',
    { version: '1.2', more: ['ssl_session_tickets off;'] },
    { ticket: new Uint8Array(0) },
  ],
  ['nginx, TLS 1.3 ticket', 'nginx', { version: '1.3' }, { protocolVersion: 0x0304 }],
  ['nginx, TLS 1.3 stateful', 'nginx', { version: '1.3', more: ['ssl_session_tickets off;'] }, {}],
  ['OpenSSL, TLS 1.2 ticket', 'openssl', { version: '1.2' }, { protocolVersion: 0x0303 }],
  [
    'OpenSSL, TLS 1.2 session id',
    'openssl',
    { version: '1.2', more: ['-no_ticket'] },
    { ticket: new Uint8Array(0) },
  ],
  ['OpenSSL, TLS 1.3 ticket', 'openssl', { version: '1.3' }, { protocolVersion: 0x0304 }],
  ['OpenSSL, TLS 1.3 stateful', 'openssl', { version: '1.3', more: ['-no_ticket'] }, {}],
  ['GnuTLS, TLS 1.2 ticket', 'gnutls', { version: '1.2' }, { protocolVersion: 0x0303 }],
  [
    'GnuTLS, TLS 1.2 session id',
    'gnutls',
    { version: '1.2', more: ['--noticket'] },
    { ticket: new Uint8Array(0) },
  ],
  ['GnuTLS, TLS 1.3 ticket', 'gnutls', { version: '1.3' }, { protocolVersion: 0x0304 }],
  ['Node, TLS 1.2 ticket', 'node', { version: '1.2' }, { protocolVersion: 0x0303 }],
  ['Node, TLS 1.3 ticket', 'node', { version: '1.3' }, { protocolVersion: 0x0304 }],
  ['Apache, TLS 1.2 ticket', 'apache', { more: ['SSLProtocol TLSv1.2'] }, { protocolVersion: 0x0303 }],
  [
    'Apache, TLS 1.2 session id',
    'apache',
    { more: ['SSLProtocol TLSv1.2', 'SSLSessionTickets off'] },
    { ticket: new Uint8Array(0) },
  ],
  ['Apache, TLS 1.3 ticket', 'apache', { more: ['SSLProtocol TLSv1.3'] }, { protocolVersion: 0x0304 }],
];

describe('a session is resumed, twice at once, and what it gives is good for another', () => {
  test.each(kinds)('%s', async (_, kind, options, shape) => {
    const port = await startServer(kind, options);
    const resumption = await sessionOf(port);
    expect(resumption).toMatchObject(shape);
    const fresh: Resumption[] = [];
    const use = async () => {
      const connection = await openFurther(port, resumption, { onResumption: (each) => fresh.push(each) });
      expect(await ask(connection)).toMatch(/^HTTP\/1\.\d \d\d\d/);
      await connection.finish();
    };
    // s_server takes one connection after the other.
    if (kind === 'openssl') await use().then(use);
    else await Promise.all([use(), use()]);
    const isTls13 = resumption.protocolVersion === 0x0304;
    // Node's server has no fresh tickets for those who resume.
    if (isTls13 && kind !== 'node') expect(fresh.length).toBeGreaterThan(0);
    const next = fresh.at(-1) ?? resumption;
    if (next !== resumption) expect(next.secret).not.toEqual(resumption.secret);
    const third = await openFurther(port, next);
    expect(await ask(third)).toMatch(/^HTTP\/1\.\d \d\d\d/);
    await third.finish();
  });
});

test.each([0x1301, 0x1302, 0x1303, 0xc02b, 0xc023, 0xcca9])('suite 0x%s is resumed', async (suite) => {
  const names: Record<number, string> = {
    4865: 'TLS_AES_128_GCM_SHA256',
    4866: 'TLS_AES_256_GCM_SHA384',
    4867: 'TLS_CHACHA20_POLY1305_SHA256',
    49195: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    49187: 'ECDHE-ECDSA-AES128-SHA256',
    52393: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  };
  const version = suite < 0x2000 ? '1.3' : '1.2';
  const port = await startServer('node', { version, cipherSuite: names[suite]! });
  const resumption = await sessionOf(port);
  expect(resumption.cipherSuite).toBe(suite);
  const connection = await openFurther(port, resumption);
  expect(await ask(connection)).toBe('HTTP/1.1 200 OK');
  await connection.finish();
});

test('of tickets that are good for one connection, the second use is refused, a fresh one is not', async () => {
  // RFC 9846 §8.1: so OpenSSL guards tickets that allow early data.
  const port = await startServer('openssl', { version: '1.3', more: ['-max_early_data', '16384'] });
  const [resumption] = await sessionsOf(port);
  const fresh: Resumption[] = [];
  const first = await openFurther(port, resumption!, { onResumption: (each) => fresh.push(each) });
  await ask(first);
  await first.finish();
  await expect(openFurther(port, resumption!)).rejects.toMatchObject({ code: 'NOT_RESUMED' });
  const second = await openFurther(port, fresh[0]!);
  expect(await ask(second)).toMatch(/^HTTP\/1\.0/);
  await second.finish();
});

describe('nothing but a resumption is accepted', () => {
  /** A server that could do a full handshake, and what it got of the application. */
  async function stranger(version: '1.2' | '1.3') {
    const { issued } = await testAuthority();
    let received = '';
    const server = createTlsServer(
      {
        cert: issued.chainPem,
        key: issued.keyPem,
        minVersion: `TLSv${version}`,
        maxVersion: `TLSv${version}`,
      },
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          received += chunk;
        });
      },
    );
    const port = await listen(server);
    open.push(() => server.close());
    return { port, received: () => received };
  }

  test.each(['1.2', '1.3'] as const)(
    'not a full handshake of TLS %s, though the certificate is right: no byte goes out, and its tickets are not taken',
    async (version) => {
      const resumption = await sessionOf(await startServer('nginx', { version }));
      const { port, received } = await stranger(version);
      const onResumption = vi.fn();
      await expect(openFurther(port, resumption, { onResumption })).rejects.toMatchObject({
        code: 'NOT_RESUMED',
      });
      await delay(100);
      expect(received()).toBe('');
      expect(onResumption).not.toHaveBeenCalled();
    },
  );

  test.each(['1.2', '1.3'] as const)('not with another secret (TLS %s)', async (version) => {
    const port = await startServer('nginx', { version });
    const resumption = await sessionOf(port);
    resumption.secret[0]! ^= 1;
    await expect(openFurther(port, resumption)).rejects.toMatchObject({
      code: expect.stringMatching(/^(NOT_RESUMED|ORIGIN_GONE)$/),
    });
  });

  test('not another version', async () => {
    const resumption = await sessionOf(await startServer('node', { version: '1.3' }));
    const port = await startServer('node', { version: '1.2' });
    await expect(openFurther(port, resumption)).rejects.toMatchObject({ code: 'ORIGIN_GONE' });
  });

  test('not a cipher suite that the proxy does not work on', async () => {
    const resumption = await sessionOf(await startServer('node', {}), { more: { cipherSuite: 0x0005 } });
    await expect(openFurther(1, resumption)).rejects.toMatchObject({ code: 'UNSUPPORTED_SUITE' });
  });

  test('a server that says nothing is not waited for', async () => {
    const resumption = await sessionOf(await startServer('node', {}));
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    open.push(() => silent.close());
    const { port } = silent.address() as { port: number };
    await expect(openFurther(port, resumption, { timeout: 200 })).rejects.toMatchObject({
      code: 'ORIGIN_GONE',
    });
  });
});

test('the end of a further connection is never taken for the end of an answer', async () => {
  const { issued } = await testAuthority();
  const server = createTlsServer({ cert: issued.chainPem, key: issued.keyPem }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhalf of it'));
  });
  const port = await listen(server);
  open.push(() => server.close());
  const connection = await openFurther(port, await sessionOf(port));
  await connection.originStream.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  const all = async () => {
    for (;;) await connection.originStream.read();
  };
  await expect(all()).rejects.toMatchObject({ code: 'ORIGIN_GONE' });
  expect(connection.endsProvably).toBe(false);
  await connection.finish();
});

test('the tickets of an origin that are no use are let pass', async () => {
  const port = await startServer('nginx', { version: '1.3' });
  const [first] = await sessionsOf(port);
  const connection = await openFurther(port, first!, {
    onResumption: () => {
      throw new Error('the receiver failed');
    },
  });
  expect(await ask(connection)).toMatch(/^HTTP\/1\.1/);
  await connection.finish();
  expect(await dial(port).then((socket) => socket.destroy().destroyed)).toBe(true);
});
