// Programs that know nothing of Deputy, as they are: curl and Node's TLS, whose logged keys `deputy keylog` delivers to
// `deputy proxy`, and curl's blind tunnels.
import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../host/cli/demo/authority/authority.js';
import { type Origin, startOrigin } from '../../host/cli/demo/origins.js';
import { newsPage } from '../../host/cli/demo/site.js';
import { type Bench, connectVia, dial } from '../host/proxy/bench.js';
import { buildCommand, Command, run } from './command.js';
import { KeyLog } from './key_log.js';
import { openConnection } from './opened.js';
import { recordsOf, Tap } from './tap.js';

const TOKEN = 'a-token-of-the-mirror-tests';
const site = newsPage({ pictures: 'https://pictures.invalid', styles: 'https://styles.invalid' });
const page = String(site['/index.html']!.body);

let folder: string;
let originAuthority: Authority;
let proxyAuthority: Authority;
let origin: Origin;
let tap: Tap;
let proxy: Command;
let proxyPort: number;
const path = (name: string) => join(folder, name);
const stops: (() => unknown)[] = [];

async function startProxy(...args: string[]): Promise<{ command: Command; port: number }> {
  const command = Command.start([
    ...['proxy', '--listen', '127.0.0.1:0', '--token-file', path('tokens'), '--json'],
    ...args,
  ]);
  stops.push(() => command.stop());
  const [, port] = await command.says(/"port":(\d+)/);
  return { command, port: Number(port) };
}

beforeAll(async () => {
  buildCommand();
  folder = await mkdtemp(join(tmpdir(), 'deputy-mirror-'));
  originAuthority = await createAuthority({ name: 'Root of the origins' });
  proxyAuthority = await createAuthority({ name: 'Root of the proxy' });
  const forProxy = await proxyAuthority.issue({ names: ['localhost'] });
  const forOrigin = await originAuthority.issue({ names: ['news.test'] });
  await writeFile(path('origin-ca.pem'), originAuthority.root.pem);
  await writeFile(path('proxy-ca.pem'), proxyAuthority.root.pem);
  await writeFile(path('proxy.pem'), forProxy.chainPem);
  await writeFile(path('proxy.key'), forProxy.keyPem);
  await writeFile(path('tokens'), `tests:${TOKEN}\n`);
  origin = await startOrigin('nginx', { certificates: [forOrigin], files: site });
  tap = await Tap.to(origin.port);
  const tls = ['--cert', path('proxy.pem'), '--key', path('proxy.key')];
  const open = ['--allow-target', '127.0.0.0/8', '--resolve', 'news.test=127.0.0.1', '--hold-time', '3'];
  ({ command: proxy, port: proxyPort } = await startProxy(...tls, ...open, '--service', 'transcode'));
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  tap?.close();
  await origin?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Curl {
  keyLog?: string;
  headers?: string[];
  args?: string[];
  token?: string | null;
  ca?: string;
  target?: string;
}

/** curl through the proxy. What it says about the connection stands behind a line of dashes. */
async function curl({ keyLog, headers = [], args = [], token = TOKEN, ca = 'origin-ca.pem', target }: Curl) {
  const all = [...headers, ...(token === null ? [] : [`Proxy-Authorization: Bearer ${token}`])];
  const ran = await run(
    'curl',
    [
      ...['--silent', '--show-error', '--max-time', '20', '--cacert', path(ca), '--http1.1'],
      ...['--proxy', `https://localhost:${proxyPort}`, '--proxy-cacert', path('proxy-ca.pem')],
      ...all.flatMap((header) => ['--proxy-header', header]),
      ...['--write-out', '\n----\n%{http_connect} %{ssl_verify_result} %{num_certs}\n%{certs}'],
      ...args,
      target ?? `https://news.test:${tap.port}/index.html`,
    ],
    keyLog === undefined ? {} : { SSLKEYLOGFILE: keyLog },
  );
  const [body = '', facts = ''] = ran.stdout.split('\n----\n');
  const [connectStatus, verifyResult, certificates] = facts.split(/\s/, 3).map(Number);
  return { ...ran, body, facts, connectStatus, verifyResult, certificates };
}

/** `deputy keylog` on a file of its own. */
async function follow(name: string): Promise<Command> {
  const keylog = Command.start(
    [
      ...['keylog', '--file', path(name), '--proxy', `localhost:${proxyPort}`, '--json'],
      ...['--proxy-ca', path('proxy-ca.pem')],
    ],
    { env: { DEPUTY_TOKEN: TOKEN } },
  );
  stops.push(() => keylog.stop());
  await keylog.says(/"ready"/);
  return keylog;
}

const MIRROR = 'Deputy-Session: request; leg=mirror';

const expectTranscoded = (body: string) => {
  expect(page).toContain('<script');
  expect(body).toContain('The Harbour News');
  expect(body).not.toContain('<script');
  expect(body).not.toContain('<svg');
  expect(body.length).toBeLessThan(page.length / 3);
  expect(body.trimEnd()).toMatch(/<\/html>$/);
};

describe.each(['1.2', '1.3'] as const)('over TLS %s', (version) => {
  const only = [`--tlsv${version}`, '--tls-max', version];

  test('curl shows the page for the handheld, and has verified the certificate of the origin', async () => {
    const keylog = await follow(`curl-${version}`);
    const shown = await curl({ keyLog: path(`curl-${version}`), headers: [MIRROR], args: only });
    expect([shown.stderr, shown.status, shown.connectStatus]).toEqual(['', 0, 200]);
    expectTranscoded(shown.body);
    expect([shown.verifyResult, shown.certificates]).toEqual([0, 2]);
    expect(shown.facts).toMatch(/Subject:.*CN = news\.test/);
    await keylog.says(/"active"/);
    await keylog.says(/"receipt"/);
    await keylog.stop();
    expect(keylog.stdout + keylog.stderr).not.toContain(TOKEN);
  });

  test('curl refuses an origin of another authority, no matter who holds the keys', async () => {
    const name = `refusing-${version}`;
    const keylog = await follow(name);
    const requests = () => origin.output().match(/^GET .*$/gm)?.length;
    const before = requests();
    const refused = await curl({ keyLog: path(name), headers: [MIRROR], args: only, ca: 'proxy-ca.pem' });
    // Inside an https proxy curl takes its own refusal for a failed connection (35, not 60).
    expect([35, 60]).toContain(refused.status);
    expect(refused.body).toBe('');
    expect([before, requests()]).toEqual([expect.any(Number), before]);
    await keylog.stop();
  });

  test("Node's TLS client sees the page for the handheld, its keylog event written to the file", async () => {
    const name = `node-${version}`;
    const keylog = await follow(name);
    const bench = { port: proxyPort, ca: proxyAuthority.root.pem } as Bench;
    const conduit = await dial(bench, 'http/1.1');
    const answer = await connectVia(conduit, `news.test:${tap.port}`, {
      'Proxy-Authorization': `Bearer ${TOKEN}`,
      'Deputy-Session': 'request; leg=mirror',
    });
    expect([answer.status, answer.sessionId]).toEqual([200, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    const tlsVersion = `TLSv${version}` as const;
    const socket = tlsConnect({
      socket: conduit,
      servername: 'news.test',
      ca: originAuthority.root.pem,
      minVersion: tlsVersion,
      maxVersion: tlsVersion,
    });
    socket.on('keylog', (line: Buffer) => appendFileSync(path(name), line));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const over = new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject));
    socket.write('GET /index.html HTTP/1.1\r\nHost: news.test\r\nConnection: close\r\n\r\n');
    await over;
    expect(socket.authorized).toBe(true);
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expectTranscoded(body.replace(/^[0-9a-f]+\r\n|\r\n[0-9a-f]+(\r\n|$)/g, ''));
    socket.destroy();
    await keylog.stop();
  });

  test('a plain CONNECT is a blind tunnel, even while its keys are delivered', async () => {
    const name = `blind-${version}`;
    const keylog = await follow(name);
    const first = tap.connections.length;
    const shown = await curl({ keyLog: path(name), args: only });
    expect([shown.status, shown.connectStatus, shown.verifyResult]).toEqual([0, 200, 0]);
    expect(shown.body).toBe(page);
    await keylog.says(/UNKNOWN_SESSION/);
    await keylog.stop();
    expect(keylog.stdout).not.toContain('"active"');
    // What reached the origin is what curl sealed, to the last record: request, close_notify.
    const [connection] = tap.connections.slice(first);
    const log = await readKeyLog(name);
    const { records } = openConnection(recordsOf(connection!.sent), recordsOf(connection!.received), log);
    const mine = records.filter(({ direction, type }) => direction === 'client' && type === 23);
    expect(Buffer.concat(mine.map(({ content }) => content)).toString()).toMatch(
      /^GET \/index\.html HTTP\/1\.1\r\nHost: news\.test:\d+\r\nUser-Agent: curl\/[\d.]+\r\nAccept: \*\/\*\r\n\r\n$/,
    );
  });

  test('keys that never come: the page goes on unread after the hold time', async () => {
    const started = Date.now();
    const shown = await curl({ headers: [MIRROR], args: only });
    expect([shown.status, shown.body === page]).toEqual([0, true]);
    expect(Date.now() - started).toBeGreaterThan(2500);
  });
});

async function readKeyLog(name: string): Promise<KeyLog> {
  const log = new KeyLog();
  log.add(await readFile(path(name)));
  return log;
}

describe('who is let in', () => {
  test.each([
    ['no token', { token: null }],
    ['a wrong token', { token: 'another-token' }],
    ['a token and a byte more', { token: `${TOKEN}x` }],
    ['no token, and a wish for a session', { token: null, headers: [MIRROR] }],
    ['a password that is no token', { token: null, args: ['--proxy-user', 'tests:wrong'] }],
  ])('%s: 407', async (_, options) => {
    const refused = await curl(options);
    expect([refused.connectStatus, refused.status, refused.body]).toEqual([407, 56, '']);
  });

  test('a token as the password of curl', async () => {
    const shown = await curl({ token: null, args: ['--proxy-user', `anybody:${TOKEN}`] });
    expect([shown.connectStatus, shown.body === page]).toEqual([200, true]);
  });
});

describe('where a tunnel may lead', () => {
  test.each([
    '10.0.0.1',
    '172.16.5.5',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '[::1]',
    '[fe80::1]',
    '[fd00::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '224.0.0.1',
    '0x0a000001',
  ])('%s: 403', async (host) => {
    for (const headers of [[], [MIRROR]]) {
      const refused = await curl({ target: `https://${host}:8443/`, headers });
      expect([refused.connectStatus, refused.status]).toEqual([403, 56]);
    }
  });

  test('loopback, too, unless it is configured', async () => {
    const tls = ['--cert', path('proxy.pem'), '--key', path('proxy.key')];
    const { port } = await startProxy(...tls);
    const before = proxyPort;
    proxyPort = port;
    try {
      const connections = tap.connections.length;
      for (const host of ['127.0.0.1', 'localhost', '127.1']) {
        const refused = await curl({ target: `https://${host}:${tap.port}/` });
        expect([host, refused.connectStatus]).toEqual([host, 403]);
      }
      expect(tap.connections.length).toBe(connections);
    } finally {
      proxyPort = before;
    }
  });
});

test('a plaintext conduit takes blind tunnels and no session, on either leg', async () => {
  const { port } = await startProxy(
    '--plaintext',
    '--allow-target',
    '127.0.0.0/8',
    '--resolve',
    'news.test=127.0.0.1',
  );
  const plain = ['--proxy', `http://localhost:${port}`];
  const blind = await curl({ args: plain });
  expect([blind.connectStatus, blind.body === page]).toEqual([200, true]);
  for (const header of [MIRROR, 'Deputy-Session: request']) {
    const refused = await curl({ args: plain, headers: [header] });
    expect([refused.connectStatus, refused.body]).toEqual([403, '']);
  }
});

test('a session that may not go on undelegated ends', async () => {
  const tls = ['--cert', path('proxy.pem'), '--key', path('proxy.key')];
  const open = ['--allow-target', '127.0.0.0/8', '--resolve', 'news.test=127.0.0.1', '--hold-time', '1'];
  const { port } = await startProxy(...tls, ...open, '--undelivered', 'close');
  const ended = await curl({ headers: [MIRROR], args: ['--proxy', `https://localhost:${port}`] });
  expect(ended.connectStatus).toBe(200);
  expect([ended.status, ended.body]).toEqual([expect.any(Number), '']);
  expect(ended.status).not.toBe(0);
});

test('an idle proxy ends as soon as it is told', async () => {
  const { command } = await startProxy('--cert', path('proxy.pem'), '--key', path('proxy.key'));
  const started = Date.now();
  await command.stop();
  expect([command.child.exitCode, command.child.signalCode]).toEqual([0, null]);
  expect(Date.now() - started).toBeLessThan(2000);
});

test('the log of the proxy names no token and no key', () => {
  expect(proxy.stderr).toContain('session active');
  expect(proxy.stderr).not.toContain(TOKEN);
});
