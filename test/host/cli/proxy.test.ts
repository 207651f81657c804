import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS, type ProxyCommandOptions } from '../../../host/cli/proxy/options.js';
import { startProxy } from '../../../host/cli/proxy/start.js';
import { parseTokens } from '../../../host/cli/proxy/tokens.js';
import { proxyCommand } from '../../../host/cli/proxy.js';
import { logTo } from '../../../host/cli/proxy_log.js';
import { FrameType } from '../../../host/delegation/frame.js';
import { readUntil, TestMainSession, TOKEN, testAuthority } from '../proxy/bench.js';

let folder: string;
const file = (name: string) => join(folder, name);
const quiet = { ...DEFAULTS, logLevel: 'silent' as const };
const anywhere = { host: '127.0.0.1', port: 0 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-proxy-'));
  const { issued, authority } = await testAuthority();
  await writeFile(file('chain.pem'), issued.chainPem);
  await writeFile(file('key.pem'), issued.keyPem);
  await writeFile(file('ca.pem'), authority.root.pem);
  await writeFile(file('tokens'), `# who may\n\nphone:${TOKEN}\nanother-token-without-a-name\n`);
});
afterAll(() => rm(folder, { recursive: true }));

/** The options as the command line gives them. */
function parsed(args: string[]): ProxyCommandOptions {
  const command = proxyCommand()
    .exitOverride()
    .configureOutput({ writeErr() {} });
  command.action(() => {});
  return command.parse(args, { from: 'user' }).opts();
}

describe('deputy proxy', () => {
  test('listens, and greets who has a token with its services', async () => {
    const options = parsed([
      ...['--listen', '127.0.0.1:0', '--cert', file('chain.pem'), '--key', file('key.pem')],
      ...['--token-file', file('tokens'), '--client-ca', file('ca.pem'), '--allow-target', '127.0.0.0/8'],
      ...['--allow-port', 'any', '--hold-time', '3.5', '--max-sessions', '9', '--log-level', 'silent'],
      ...['--service', 'transcode'],
    ]);
    const proxy = await startProxy(options);
    const { authority, issued } = await testAuthority();
    const bench = {
      authority,
      issued,
      proxy,
      port: proxy.address!.port,
      ca: authority.root.pem,
      close: () => proxy.close(),
    };
    const main = await TestMainSession.open(bench);
    expect(await main.wait(FrameType.Welcome)).toMatchObject({
      deliveryTimeout: 3500,
      maxSessions: 9,
      services: ['transcode'],
    });
    main.socket.destroy();
    await proxy.close();
  });

  test('makes blind tunnels without TLS where it is told to', async () => {
    const proxy = await startProxy({
      ...quiet,
      listen: anywhere,
      plaintext: true,
      tokenFile: file('tokens'),
    });
    const socket = tcpConnect(proxy.address!.port, '127.0.0.1');
    socket.write('CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toContain('407');
    socket.destroy();
    await proxy.close();
  });

  test.each<[string, Partial<ProxyCommandOptions>, string]>([
    ['a certificate', { tokenFile: 'tokens' }, 'NO_CERTIFICATE'],
    ['anybody to admit', { cert: 'chain.pem', key: 'key.pem' }, 'NO_ADMISSION'],
    [
      'a token file that is there',
      { cert: 'chain.pem', key: 'key.pem', tokenFile: 'missing' },
      'FILE_UNREADABLE',
    ],
    [
      'tokens in the token file',
      { cert: 'chain.pem', key: 'key.pem', tokenFile: 'ca.pem' },
      'BAD_TOKEN_FILE',
    ],
    ['a key that is one', { cert: 'chain.pem', key: 'tokens', tokenFile: 'tokens' }, 'BAD_OPTIONS'],
    [
      'a target that is one',
      { cert: 'chain.pem', key: 'key.pem', tokenFile: 'tokens', allowTarget: ['10.0.0.0/99'] },
      'BAD_OPTIONS',
    ],
    [
      'an address of this machine',
      { cert: 'chain.pem', key: 'key.pem', tokenFile: 'tokens', listen: { host: '192.0.2.1', port: 0 } },
      'CANNOT_LISTEN',
    ],
  ])('says what is missing without %s', async (_, options, code) => {
    const located = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, typeof value === 'string' ? file(value) : value]),
    );
    await expect(startProxy({ ...quiet, listen: anywhere, ...located })).rejects.toMatchObject({ code });
  });

  test.each([
    [['--listen', 'nowhere']],
    [['--listen', '127.0.0.1:70000']],
    [['--allow-port', 'x']],
    [['--service', 'nonsense']],
    [['--undelivered', 'perhaps']],
    [['--hold-time', '-1']],
  ])('refuses %j', (args) => {
    expect(() => parsed(args)).toThrow();
  });
});

describe('the token file', () => {
  test('names tokens, or their lines', () => {
    expect(parseTokens('# x\na:secret-one\n\n secret-two== \r\n')).toEqual([
      { name: 'a', token: 'secret-one' },
      { name: 'line-4', token: 'secret-two==' },
    ]);
  });

  test('is refused where a line is neither, without repeating it', () => {
    expect(() => parseTokens('good-token\nbad token\n')).toThrow(/line 2/);
    expect(() => parseTokens('good-token\nbad token\n')).not.toThrow(/bad token/);
    expect(() => parseTokens('# nothing\n')).toThrow(/holds no token/);
  });
});

test('the log blots out what is named like a secret', async () => {
  let text = '';
  const sink = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  (await logTo(sink, 'info')).info(
    { session: 'abc', token: 'hidden-1', deep: { secrets: 'hidden-2' } },
    'something',
  );
  expect(text).toContain('something');
  expect(text).toContain('abc');
  expect(text).not.toMatch(/hidden/);
});
