// Origins that nobody here wrote, each suite, both legs: the proxy takes over records that OpenSSL and GnuTLS sealed.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issued } from '../../../../host/cli/demo/authority/authority.js';
import { isInstalled, type Origin, type ServerKind, startOrigin } from '../../../../host/cli/demo/origins.js';
import { FrameType } from '../../../../host/delegation/frame.js';
import { CipherChange } from '../../../../host/delegation/message.js';
import { type Bench, ended, NAME, readAll, readUntil, startProxy, testAuthority } from '../bench.js';
import { delegate, type LegName, listen } from '../delegated.js';

let bench: Bench;
let keys: Record<'ec' | 'rsa', Issued>;
let device: Issued;

beforeAll(async () => {
  bench = await startProxy();
  const { authority } = await testAuthority();
  keys = {
    ec: await authority.issue({ names: [NAME] }),
    rsa: await authority.issue({ names: [NAME], keyType: 'rsa-2048' }),
  };
  device = await authority.issue({ names: ['device'], isClient: true, intermediates: 0 });
});
afterAll(() => bench.close());

/** SSL_OP_NO_ENCRYPT_THEN_MAC and SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3, which node:crypto does not name. */
const MAC_THEN_ENCRYPT = 1 << 19;
const NO_EXTENDED_MASTER_SECRET = 1;

const tls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const tls12 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
];
const cbcSha2 = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-RSA-AES256-SHA384',
];
const more: Record<string, string[]> = {
  openssl: [
    ...cbcSha2,
    'AES128-GCM-SHA256',
    'AES256-SHA256',
    'ECDHE-ECDSA-AES128-CCM',
    'ECDHE-ECDSA-AES256-CCM8',
  ],
  nginx: cbcSha2,
  gnutls: ['TLS_AES_128_CCM_SHA256', 'ECDHE-ECDSA-AES128-CCM'],
};

const priority =
  'NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:+AES-128-CBC:+AES-256-CBC:+SHA1:+RSA:+AES-128-CCM:+AES-256-CCM';

async function start(
  kind: ServerKind,
  options: Partial<Parameters<typeof startOrigin>[1]> = {},
): Promise<Origin> {
  return startOrigin(kind, {
    certificates: [keys.ec, keys.rsa],
    ...(kind === 'nginx' && { files: { '/': { type: 'text/plain', body: 'page' } } }),
    priority,
    more:
      kind === 'openssl'
        ? ['-cipher', 'ALL:@SECLEVEL=1', ...(options.more ?? [])]
        : kind === 'nginx'
          ? ['ssl_ciphers ALL:@SECLEVEL=1;', 'location / { return 200 "page\\n"; }', ...(options.more ?? [])]
          : (options.more ?? []),
    ...(kind === 'nginx' && { files: {} }),
    ...('clientCa' in options && { clientCa: options.clientCa! }),
    ...('version' in options && { version: options.version! }),
  });
}

/** One request over a delegated session; the answer as text. */
async function page(origin: Origin, leg: LegName, options: ConnectionOptions): Promise<string> {
  const { stream, conduit, main, inner } = await delegate(bench, `127.0.0.1:${origin.port}`, leg, options);
  stream.write(`GET / HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
  const text = (await readAll(stream)).toString('latin1');
  const receipt = await main.wait(FrameType.Receipt);
  expect(receipt.status).toBe(200);
  expect(inner.failure).toBeUndefined();
  conduit.destroy();
  main.socket.destroy();
  return text;
}

const versioned = (suite: string): ConnectionOptions => {
  const version = suite.startsWith('TLS_') ? 'TLSv1.3' : 'TLSv1.2';
  return {
    // OpenSSL 3.2 and later count a CCM_8 suite as 64 bits.
    ciphers: version === 'TLSv1.3' ? suite : `${suite}:@SECLEVEL=0`,
    minVersion: version,
    maxVersion: version,
  };
};

describe.each(['nginx', 'openssl', 'gnutls'] as const)('%s', (kind) => {
  const skip = isInstalled(kind) ? false : `${kind} is not installed`;
  let origin: Origin;
  beforeAll(async () => {
    if (!skip) origin = await start(kind);
  });
  afterAll(() => origin?.stop());

  describe.skipIf(skip)('is an origin', () => {
    test.each(['open', 'mirror'] as LegName[])('over the %s leg, with each suite', async (leg) => {
      for (const suite of [...tls13, ...tls12, ...more[kind]!]) {
        expect(await page(origin, leg, versioned(suite)), suite).toMatch(/^HTTP\/1\.[01] 200/);
      }
    });

    test('without encrypt-then-MAC and without extended master secret', async () => {
      for (const leg of ['open', 'mirror'] as LegName[]) {
        for (const suite of [
          'ECDHE-ECDSA-AES128-SHA',
          'ECDHE-RSA-AES256-SHA',
          'ECDHE-ECDSA-AES128-GCM-SHA256',
        ]) {
          for (const secureOptions of [MAC_THEN_ENCRYPT, NO_EXTENDED_MASTER_SECRET]) {
            expect(await page(origin, leg, { ...versioned(suite), secureOptions }), suite).toMatch(/ 200/);
          }
        }
      }
    });

    test('after a HelloRetryRequest', async () => {
      // The client offers a share of X25519 alone; the server of this test takes P-384 alone.
      const picky = await startPicky(kind);
      for (const leg of ['open', 'mirror'] as LegName[]) {
        const text = await page(picky, leg, { ...versioned(tls13[0]!), ecdhCurve: 'X25519:P-384' });
        expect(text).toMatch(/ 200/);
      }
      await picky.stop();
    });

    test('with a client certificate, at both versions', async () => {
      const { authority } = await testAuthority();
      const strict = await start(kind, { clientCa: authority.root.pem });
      const identity = { cert: device.chainPem, key: device.keyPem };
      for (const leg of ['open', 'mirror'] as LegName[]) {
        for (const suite of [tls13[0]!, tls12[0]!, 'ECDHE-ECDSA-AES128-SHA']) {
          expect(await page(strict, leg, { ...versioned(suite), ...identity }), suite).toMatch(/ 200/);
        }
      }
      await strict.stop();
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)('over a resumed session, %s', async (version) => {
      const options = { minVersion: version, maxVersion: version };
      for (const leg of ['open', 'mirror'] as LegName[]) {
        const first = await delegate(bench, `127.0.0.1:${origin.port}`, leg, options);
        let session = first.inner.socket.getSession();
        first.inner.socket.on('session', (ticket: Buffer) => {
          session = ticket as typeof session;
        });
        first.stream.write(`GET / HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
        await readAll(first.stream);
        const second = await delegate(bench, `127.0.0.1:${origin.port}`, leg, {
          ...options,
          session: session!,
        });
        // On the open leg the tickets of TLS 1.3 may come after the hand-over: then they are the proxy's to pass on.
        if (version === 'TLSv1.2' || leg === 'mirror')
          expect(second.inner.socket.isSessionReused()).toBe(true);
        second.stream.write(`GET / HTTP/1.1\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n`);
        expect((await readAll(second.stream)).toString('latin1')).toMatch(/ 200/);
        first.main.socket.destroy();
        second.main.socket.destroy();
      }
    });
  });
});

async function startPicky(kind: ServerKind): Promise<Origin> {
  if (kind === 'gnutls') {
    return startOrigin(kind, {
      certificates: [keys.ec],
      priority: 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP384R1',
    });
  }
  return startOrigin(kind, {
    certificates: [keys.ec],
    version: '1.3',
    groups: 'P-384',
    ...(kind === 'nginx' && { files: {}, more: ['location / { return 200 "page\\n"; }'] }),
  });
}

/** `openssl s_server` as a person uses it: lines of its standard input go to the client, single letters are commands. */
describe.skipIf(!isInstalled('openssl'))('an origin that works on its session after the handshake', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deputy-s_server-'));
    await writeFile(join(folder, 'chain.pem'), keys.ec.chainPem);
    await writeFile(join(folder, 'key.pem'), keys.ec.keyPem);
  });
  afterAll(async () => {
    for (const child of children) child.kill();
    await rm(folder, { recursive: true });
  });

  async function interactive(...args: string[]) {
    const probe = createServer();
    const port = await listen(probe);
    probe.close();
    const file = (name: string) => join(folder, name);
    const child = spawn(
      'openssl',
      [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-cert',
        file('chain.pem'),
        '-key',
        file('key.pem'),
        '-cert_chain',
        file('chain.pem'),
        ...args,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    children.push(child);
    let output = '';
    const waiting: (() => void)[] = [];
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString('latin1');
        for (const wake of waiting.splice(0)) wake();
      });
    }
    const says = async (text: string) => {
      while (!output.includes(text)) await new Promise<void>((resolve) => waiting.push(resolve));
    };
    await says('ACCEPT');
    return { target: `127.0.0.1:${port}`, type: (text: string) => child.stdin!.write(text), says };
  }

  test.each(['open', 'mirror'] as LegName[])(
    'changes its keys, and asks for new ones: %s leg',
    async (leg) => {
      const server = await interactive('-tls1_3');
      const { stream, main, conduit } = await delegate(bench, server.target, leg);
      stream.write('hello from the client\n');
      await server.says('hello from the client');
      server.type('k\n');
      await main.wait(FrameType.CipherChanged, ({ change }) => change === CipherChange.OriginKeyUpdate);
      server.type('after one update\n');
      await readUntil(stream, 'after one update');
      server.type('K\n');
      const moved = await main.wait(
        FrameType.CipherChanged,
        ({ change }) => change === CipherChange.ProxyKeyUpdate,
      );
      expect(moved).toMatchObject({ clientEpoch: 1, originEpoch: 2 });
      stream.write('sealed under the next keys\n');
      await server.says('sealed under the next keys');
      server.type('after two updates\n');
      await readUntil(stream, 'after two updates');
      conduit.destroy();
    },
  );

  test('issues tickets: the client hears of each', async () => {
    const server = await interactive('-tls1_3', '-num_tickets', '3');
    const { stream, main, conduit } = await delegate(bench, server.target, 'mirror');
    stream.write('hello\n');
    await server.says('hello');
    server.type('answer\n');
    await readUntil(stream, 'answer');
    const tickets = main.messages.filter(
      (m) => m.type === FrameType.CipherChanged && m.change === CipherChange.Ticket,
    );
    expect(tickets).toHaveLength(3);
    for (const message of tickets) expect((message as { ticket: Uint8Array }).ticket[0]).toBe(4);
    conduit.destroy();
  });

  test.each(['open', 'mirror'] as LegName[])('asks to renegotiate, and is told no: %s leg', async (leg) => {
    const server = await interactive('-tls1_2');
    const { stream, conduit } = await delegate(bench, server.target, leg);
    stream.write('hello\n');
    await server.says('hello');
    server.type('r\n');
    // OpenSSL takes no_renegotiation for a failure of its own and closes; what counts is that it was told.
    await server.says('no renegotiation');
    conduit.destroy();
  });

  test('leaves without close_notify: that is no end in order', async () => {
    const server = await interactive();
    const { stream, main, sessionId } = await delegate(bench, server.target, 'open');
    stream.write('hello\n');
    await server.says('hello');
    server.type('half of\n');
    await readUntil(stream, 'half of\n');
    server.type('Q\n');
    expect(await main.wait(FrameType.Error)).toMatchObject({ sessionId, code: 'TRUNCATED' });
    await ended(stream);
  });
});
