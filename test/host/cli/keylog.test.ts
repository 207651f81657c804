// Real curl through a real proxy: its own TLS stack verifies the origin, its key log admits the proxy.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KeyLogParser } from '../../../host/cli/keylog/nss.js';
import { deliverKeys, type KeyLogEvent } from '../../../host/cli/keylog.js';
import type { Service } from '../../../host/services/service.js';
import { buildCommand, Command, deputy } from '../../interop/command.js';
import { type Bench, NAME, startProxy, TOKEN } from '../proxy/bench.js';

/** Stands for any service that changes content. */
const shout: Service = {
  name: 'shout',
  response: () => ({
    body: async function* (body) {
      for await (const chunk of body)
        yield Buffer.from(Buffer.from(chunk).toString('latin1').toUpperCase(), 'latin1');
    },
  }),
};

let bench: Bench;
let origin: Server;
let originPort: number;
let folder: string;

beforeAll(async () => {
  buildCommand();
  bench = await startProxy({ services: [shout] });
  folder = await mkdtemp(join(tmpdir(), 'deputy-keylog-'));
  await writeFile(join(folder, 'ca.pem'), bench.ca);
  origin = createServer({ cert: bench.issued.chainPem, key: bench.issued.keyPem }, (request, response) => {
    response.end(`you asked for ${request.url}\n`);
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  originPort = (origin.address() as AddressInfo).port;
});
afterAll(async () => {
  origin.close();
  origin.closeAllConnections();
  await bench.close();
  await rm(folder, { recursive: true });
});

/** Milliseconds for a receipt, which travels on another connection than what it is for. */
const PATIENCE = 10_000;

/**
 * curl that asks for a mirror session, while `deputy keylog` follows its key log, and after curl until `receipts` have
 * come.
 */
async function curl(
  version: '1.2' | '1.3',
  args: string[],
  receipts: number,
): Promise<{ stdout: string; events: KeyLogEvent[] }> {
  const keyLog = join(folder, `keys-${version}-${Math.random()}`);
  const events: KeyLogEvent[] = [];
  const stop = new AbortController();
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const hasCome = () => events.filter(({ event }) => event === 'receipt').length >= receipts;
  const delivering = deliverKeys(
    {
      file: keyLog,
      proxy: { host: '127.0.0.1', port: bench.port },
      proxyCa: join(folder, 'ca.pem'),
      proxyName: 'localhost',
      token: TOKEN,
    },
    {
      signal: stop.signal,
      tell: (event) => {
        events.push(event);
        if (event.event === 'ready') onReady();
      },
    },
  );
  await Promise.race([ready, delivering]);
  try {
    const { stdout } = await promisify(execFile)(
      'curl',
      [
        ...['--silent', '--show-error', '--max-time', '20', '--cacert', join(folder, 'ca.pem')],
        ...['--proxy', `https://localhost:${bench.port}`, '--proxy-cacert', join(folder, 'ca.pem')],
        ...['--proxy-header', `Proxy-Authorization: Bearer ${TOKEN}`],
        ...['--proxy-header', 'Deputy-Session: request; leg=mirror'],
        ...['--resolve', `localhost:${bench.port}:127.0.0.1`, `--tlsv${version}`, '--tls-max', version],
        ...args,
      ],
      { env: { ...process.env, SSLKEYLOGFILE: keyLog } },
    );
    await vi.waitUntil(hasCome, PATIENCE);
    return { stdout, events };
  } finally {
    stop.abort();
    await delivering;
  }
}

describe.each(['1.2', '1.3'] as const)('curl over TLS %s, with its key log delivered', (version) => {
  test('shows the page as the services of the proxy made it', async () => {
    const { stdout, events } = await curl(version, ['--http1.1', `https://localhost:${originPort}/page`], 1);
    expect(stdout).toBe('YOU ASKED FOR /PAGE\n');
    expect(events.map(({ event }) => event)).toContain('active');
    const receipt = events.find(({ event }) => event === 'receipt');
    expect(receipt).toMatchObject({ status: 200, services: ['shout'], bytesBefore: 20, bytesAfter: 20 });
  });

  test('asks twice over one connection', async () => {
    const base = `https://localhost:${originPort}`;
    const { stdout } = await curl(version, ['--http1.1', `${base}/one`, `${base}/two`], 2);
    expect(stdout).toBe('YOU ASKED FOR /ONE\nYOU ASKED FOR /TWO\n');
  });

  test('passes HTTP/2 unread, since no service works on it', async () => {
    // This origin speaks HTTP/1.1 alone, so ALPN settles on it though curl offers h2.
    const { stdout } = await curl(version, ['--http2', `https://localhost:${originPort}/two`], 1);
    expect(stdout).toBe('YOU ASKED FOR /TWO\n');
  });
});

describe('a program that it runs itself', () => {
  const flags = () => [
    ...['keylog', '--proxy', `127.0.0.1:${bench.port}`, '--proxy-ca', join(folder, 'ca.pem')],
    ...['--proxy-name', 'localhost', '--token', TOKEN],
  ];
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('deputy-keylog-'));

  test('has its sessions delivered, its output and its exit code to itself, and its keys wiped', async () => {
    const before = await left();
    const url = `https://localhost:${originPort}/page`;
    const proxied = [
      ...['--silent', '--http1.1', '--max-time', '20', '--cacert', join(folder, 'ca.pem')],
      ...['--proxy', `https://localhost:${bench.port}`, '--proxy-cacert', join(folder, 'ca.pem')],
      ...['--proxy-header', `Proxy-Authorization: Bearer ${TOKEN}`],
      ...['--proxy-header', 'Deputy-Session: request; leg=mirror'],
      ...['--resolve', `localhost:${bench.port}:127.0.0.1`],
    ];
    const ran = await deputy([...flags(), '--', 'curl', ...proxied, url]);
    expect(ran).toEqual({ status: 0, stdout: 'YOU ASKED FOR /PAGE\n', stderr: '' });
    expect((await deputy([...flags(), '--', 'sh', '-c', 'test -n "$SSLKEYLOGFILE" && exit 7'])).status).toBe(
      7,
    );
    expect((await left()).filter((name) => !before.includes(name))).toEqual([]);
  });

  test('that has nothing delivered is told why', async () => {
    const silent = await deputy([...flags(), '--', 'true']);
    expect(silent).toMatchObject({ status: 0, stderr: expect.stringContaining('no keys were logged') });
    const direct = ['--silent', '--cacert', join(folder, 'ca.pem'), `https://localhost:${originPort}/page`];
    const past = await deputy([...flags(), '--', 'curl', ...direct]);
    expect(past).toMatchObject({ status: 0, stderr: expect.stringContaining("leg=mirror' with CONNECT") });
    const told = await deputy([...flags(), '--json', '--', 'true']);
    expect(JSON.parse(told.stderr.trim().split('\n').at(-1)!)).toMatchObject({ event: 'idle' });
  });

  test('is told to end where this command is, and its keys are wiped all the same', async () => {
    const before = await left();
    const command = Command.start([...flags(), '--', 'sh', '-c', 'echo begun; exec sleep 30']);
    await command.says(/begun/);
    expect((await left()).length).toBe(before.length + 1);
    command.child.kill('SIGTERM');
    expect(await command.ended).toBe(1);
    expect(await left()).toEqual(before);
  });

  test('is not there, or not named: says so', async () => {
    expect(await deputy([...flags(), '--', 'no-such-program'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('PROGRAM_NOT_FOUND'),
    });
    expect((await deputy(flags())).status).toBe(2);
    expect((await deputy([...flags(), '--file', 'x', '--', 'true'])).status).toBe(2);
  });
});

test('the names in the certificate are verified by curl itself', async () => {
  await expect(
    curl('1.3', ['--resolve', `wrong.test:${originPort}:127.0.0.1`, `https://wrong.test:${originPort}/`], 0),
  ).rejects.toThrow();
  expect(NAME).not.toBe('wrong.test');
});

describe('the key log', () => {
  const random = '11'.repeat(32);
  const client = 'aa'.repeat(32);
  const server = 'bb'.repeat(32);
  const early = 'cc'.repeat(32);
  const late = 'dd'.repeat(32);

  test('gives a session of TLS 1.3 when its four secrets are there, whatever the cuts', () => {
    const text =
      `# a comment\nCLIENT_HANDSHAKE_TRAFFIC_SECRET ${random} ${early}\n` +
      `SERVER_HANDSHAKE_TRAFFIC_SECRET ${random} ${late}\n` +
      `SERVER_TRAFFIC_SECRET_0 ${random} ${server}\nCLIENT_TRAFFIC_SECRET_0 ${random} ${client}\nEXPORTER_SECRET x y\n`;
    for (let cut = 1; cut < 64; cut++) {
      const parser = new KeyLogParser();
      const found = [];
      for (let at = 0; at < text.length; at += cut)
        found.push(...parser.push(Buffer.from(text.slice(at, at + cut))));
      expect(found).toHaveLength(1);
      expect(Buffer.from(found[0]!.secrets).toString('hex')).toBe(client + server);
      expect(Buffer.from(found[0]!.handshakeSecrets).toString('hex')).toBe(early + late);
      expect(found[0]!.tlsVersion).toBe(0x0304);
    }
  });

  test('gives a session of TLS 1.2 by its master secret, and nothing for malformed lines', () => {
    const parser = new KeyLogParser();
    const push = (text: string) => parser.push(Buffer.from(text));
    expect(push(`CLIENT_RANDOM ${random} ${'cc'.repeat(47)}\nCLIENT_RANDOM ${random.slice(2)} zz\n`)).toEqual(
      [],
    );
    expect(push(`CLIENT_RANDOM ${random} ${'cc'.repeat(48)}\r\n`)).toHaveLength(1);
    expect(push(`${'x'.repeat(5000)}`)).toEqual([]);
    expect(push(`\nCLIENT_RANDOM ${random} ${'cc'.repeat(48)}\n`)).toHaveLength(1);
  });

  test('takes digits and labels of either case, and wipes what it has read', () => {
    const parser = new KeyLogParser();
    const line = Buffer.from(`client_random ${random.toUpperCase()} ${'cC'.repeat(48)}\n`);
    const [found] = parser.push(line);
    expect(found?.secrets).toEqual(new Uint8Array(48).fill(0xcc));
    expect(line.every((byte) => byte === 0)).toBe(true);
    for (const wrong of ['cg', 'c', 'cc ', '']) {
      expect(parser.push(Buffer.from(`CLIENT_RANDOM ${random} ${'cc'.repeat(47)}${wrong}\n`))).toEqual([]);
    }
    expect(parser.push(Buffer.from(`${random}\n\n CLIENT_RANDOM\nCLIENT_RANDOM \n`))).toEqual([]);
  });
});
