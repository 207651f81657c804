// SMTP, FTP and TELNET over TLS through delegated sessions (R19): real servers, audited, on a proxy that lets nothing pass
// undelegated. FTP's data connections are connections of their own, and not part of it.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ByteStream } from '../../host/client/byte_stream.js';
import type { DeputyClient } from '../../host/index.js';
import { audit } from '../../host/services/audit/index.js';
import { TOKEN, World } from '../host/client/world.js';
import { type ByteServer, startFtp, startSmtp, startTelnet } from './byte_servers.js';
import { buildCommand, Command, run } from './command.js';

let world: World;
let folder: string;
let log: string;
let proxy: { port: number };
let client: DeputyClient;
let smtp: ByteServer;
let ftp: ByteServer;
let telnet: ByteServer;

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-bytes-'));
  await chmod(folder, 0o755);
  const issued = await world.authority.issue({ names: ['localhost', '127.0.0.1'] });
  const files = { folder, certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(files.certificate, issued.chainPem);
  await writeFile(files.key, issued.keyPem);
  await writeFile(join(folder, 'ca.pem'), world.authority.root.pem);
  [smtp, ftp, telnet] = await Promise.all([startSmtp(files), startFtp(files), startTelnet(files)]);
  log = join(folder, 'audit.log');
  const services = [await audit({ file: log, required: true })];
  proxy = await world.proxy({ services, requireDelegation: true, allowStreams: ['localhost'] });
  client = world.through(proxy);
}, 60_000);

afterAll(async () => {
  await Promise.all([smtp, ftp, telnet].map((server) => server?.stop()));
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Reads until `text` has come; gives all that has come. */
async function heard(stream: ByteStream, text: string): Promise<string> {
  let all = '';
  while (!all.includes(text)) {
    const bytes = await stream.read();
    if (bytes === undefined) throw new Error(`the stream ended before ${text}: ${all}`);
    all += Buffer.from(bytes).toString('latin1');
  }
  return all;
}

const say = (stream: ByteStream, line: string) => stream.write(Buffer.from(`${line}\r\n`));

/** What the log says of the session, once it is over. */
async function logged(session: string): Promise<Record<string, unknown>[]> {
  for (;;) {
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    const entries = lines.map((line) => JSON.parse(line)).filter((entry) => entry.session === session);
    if (entries.at(-1)?.kind === 'closed') return entries;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Mails in Exim's queue, which it makes with the first. */
const queued = async () => (await readdir(join(folder, 'exim/input')).catch(() => [])).length;

const sha256 = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');

describe('a conversation that the server begins', () => {
  test('SMTP: a mail reaches the queue, and the log has sizes and hashes of both directions', async () => {
    const stream = await client.connect('localhost', smtp.port);
    expect(stream.session).toMatchObject({ delegated: true });
    let up = '';
    let down = await heard(stream, '\r\n');
    expect(down).toMatch(/^220 localhost ESMTP Exim/);
    const dialogue: [string, RegExp][] = [
      ['EHLO localhost', /\n250 HELP/],
      ['MAIL FROM:<a@localhost>', /^250 /],
      ['RCPT TO:<b@localhost>', /^250 /],
      ['DATA', /^354 /],
      ['Subject: through a proxy\r\n\r\nwords\r\n.', /^250 OK id=/],
      ['QUIT', /^221 /],
    ];
    for (const [line, answer] of dialogue) {
      up += `${line}\r\n`;
      await say(stream, line);
      const text = await heard(stream, line.startsWith('EHLO') ? 'HELP\r\n' : '\r\n');
      expect(text).toMatch(answer);
      down += text;
    }
    expect(await stream.read()).toBeUndefined();
    stream.close();
    expect(await queued()).toBeGreaterThan(0);
    const entries = await logged(stream.session.sessionId!);
    expect(entries.map(({ kind }) => kind)).toEqual(['opened', 'stream', 'streamed', 'closed']);
    expect(entries[2]).toMatchObject({
      fromClient: { bytes: up.length, sha256: sha256(up) },
      fromOrigin: { bytes: down.length, sha256: sha256(down) },
      whole: true,
    });
    // The device made the handshake and no more: each byte after it was the proxy's to seal.
    while (stream.session.receipts.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stream.session.receipts[0]).toMatchObject({ status: 0, bytesAfter: down.length });
  });

  test('FTP: the control connection of implicit TLS', async () => {
    const stream = await client.connect('localhost', ftp.port);
    expect(await heard(stream, '\r\n')).toMatch(/^220 \(vsFTPd/);
    for (const [line, answer] of [
      ['USER anonymous', /^331 /],
      ['PASS nobody', /^230 /],
      ['PWD', /^257 "/],
      ['QUIT', /^221 /],
    ] as const) {
      await say(stream, line);
      expect(await heard(stream, '\r\n')).toMatch(answer);
    }
    // It goes without close_notify, which nobody may take for an end in order.
    await expect(stream.read()).rejects.toMatchObject({ code: 'TRUNCATED' });
    stream.close();
    expect((await logged(stream.session.sessionId!))[2]).toMatchObject({ kind: 'streamed', whole: false });
  });

  test('TELNET: options are negotiated, and a program hears and answers', async () => {
    const stream = await client.connect('localhost', telnet.port);
    let text = '';
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) {
        const bytes = await stream.read();
        if (bytes === undefined) throw new Error(`the stream ended: ${text}`);
        text += Buffer.from(bytes).toString('latin1');
        // RFC 854: whatever the server would do, or have done, is refused.
        text = text.replace(/\xff([\xfb\xfd])(.)/gs, (_, verb: string, option: string) => {
          const answer = verb === '\xfb' ? '\xfe' : '\xfc';
          void stream.write(Buffer.from(`\xff${answer}${option}`, 'latin1'));
          return '';
        });
      }
    };
    await until('welcome');
    await say(stream, 'a word');
    await until('heard a word');
    await say(stream, 'exit');
    await until('bye');
    await say(stream, '');
    expect(await stream.read()).toBeUndefined();
    stream.close();
  });
});

describe('deputy connect', () => {
  const flags = () => [
    '--proxy',
    `localhost:${proxy.port}`,
    '--proxy-ca',
    join(folder, 'ca.pem'),
    '--ca',
    join(folder, 'ca.pem'),
    '--token',
    TOKEN,
    '--engine',
    'v8',
  ];

  test('carries standard input and output', async () => {
    const command = Command.start(['connect', `localhost:${smtp.port}`, ...flags()]);
    await command.says(/^220 /m);
    command.child.stdin!.write('QUIT\r\n');
    await command.says(/^221 /m);
    const code = await command.ended;
    expect({ code, stderr: command.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('lets curl send a mail, and talk TELNET', async () => {
    const mail = join(folder, 'mail');
    await writeFile(mail, 'Subject: from curl\r\n\r\nwords\r\n');
    const forwarder = (port: number) =>
      Command.start(['connect', `localhost:${port}`, ...flags(), '--listen', '0']);
    const commands = [forwarder(smtp.port), forwarder(telnet.port)];
    const [smtpPort, telnetPort] = await Promise.all(
      commands.map(async (command) => (await command.says(/listens on 127\.0\.0\.1:(\d+)/))[1]),
    );
    const before = await queued();
    const from = ['--mail-from', 'a@localhost', '--mail-rcpt', 'b@localhost', '-T', mail];
    const sent = await run('curl', ['-sS', `smtp://127.0.0.1:${smtpPort}`, ...from]);
    expect(sent).toMatchObject({ status: 0, stderr: '' });
    expect(await queued()).toBeGreaterThan(before);
    const talking = Command.of('curl', ['-sSN', `telnet://127.0.0.1:${telnetPort}`]);
    // curl does not look at its connection while it waits for standard input.
    const saying = setInterval(() => talking.child.stdin!.write('a word\n'), 100);
    await talking.says(/heard a word/).finally(() => clearInterval(saying));
    talking.child.stdin!.end('exit\n\n');
    expect(await talking.ended).toBe(0);
    await Promise.all(commands.map((command) => command.stop()));
  }, 30_000);
});
