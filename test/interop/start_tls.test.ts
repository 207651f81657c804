// An old mail program on loopback reaches servers of today that turn to TLS (STARTTLS): curl plays the program, without any
// TLS of its own, and the session is delegated on a proxy that lets nothing pass undelegated.
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartTlsProtocol } from '../../host/delegation/start_tls.js';
import { TOKEN, World } from '../host/client/world.js';
import { type ByteServer, startFtp, startMailbox, startSmtp } from './byte_servers.js';
import { buildCommand, Command, run } from './command.js';

let world: World;
let folder: string;
let smtp: ByteServer;
let ftp: ByteServer;
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let through: string[];

beforeAll(async () => {
  buildCommand();
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-turns-'));
  await chmod(folder, 0o755);
  const issued = await world.authority.issue({ names: ['localhost'] });
  const files = { folder, certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), turns: true };
  await writeFile(files.certificate, issued.chainPem);
  await writeFile(files.key, issued.keyPem);
  const roots = join(folder, 'ca.pem');
  await writeFile(roots, world.authority.root.pem);
  [smtp, ftp, mailbox] = await Promise.all([startSmtp(files), startFtp(files), startMailbox(files)]);
  const { port } = await world.proxy();
  through = ['--proxy', `localhost:${port}`, '--proxy-ca', roots, '--ca', roots, '--token', TOKEN];
}, 60_000);
afterAll(async () => {
  await Promise.all([smtp, ftp, mailbox].map((server) => server?.stop()));
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** The port on loopback where the server speaks without TLS. */
async function carried(protocol: StartTlsProtocol, port: number, how = through): Promise<number> {
  const args = ['connect', `localhost:${port}`, '--starttls', protocol, '--listen', '127.0.0.1:0', ...how];
  const command = Command.start(args);
  world.onClose(() => command.stop());
  return Number((await command.says(/listens on 127\.0\.0\.1:(\d+)/))[1]);
}

const curl = (...args: string[]) => run('curl', ['-sS', '--max-time', '20', ...args]);

describe('a program without TLS', () => {
  test('sends a mail by SMTP', async () => {
    const at = await carried('smtp', smtp.port);
    const mail = join(folder, 'mail.txt');
    await writeFile(mail, 'Subject: old\r\n\r\nwords\r\n');
    const from = ['--mail-from', 'a@localhost', '--mail-rcpt', 'b@localhost', '-T', mail];
    expect(await curl(`smtp://127.0.0.1:${at}`, ...from)).toMatchObject({ status: 0, stderr: '' });
    expect((await readdir(join(folder, 'exim/input'))).length).toBeGreaterThan(0);
  });

  test('reads a mail by IMAP and by POP3, whose logins want TLS', async () => {
    const imap = await carried('imap', mailbox.port);
    const login = ['--user', 'anna:secret'];
    const read = await curl(...login, `imap://127.0.0.1:${imap}/INBOX;MAILINDEX=1`);
    expect(`${read.stderr}${read.stdout}`).toContain('words of the mail');
    const pop3 = await carried('pop3', mailbox.pop3);
    expect((await curl(...login, `pop3://127.0.0.1:${pop3}/1`)).stdout).toContain('words of the mail');
  });

  test('speaks FTP, and without a proxy the same', async () => {
    const talk = async (at: number) => {
      const socket = connect(at, '127.0.0.1');
      const [greeting] = await once(socket, 'data');
      socket.write('SYST\r\n');
      const [answer] = await once(socket, 'data');
      socket.destroy();
      return `${greeting}${answer}`;
    };
    const direct = ['--direct', '--ca', join(folder, 'ca.pem')];
    for (const how of [through, direct])
      expect(await talk(await carried('ftp', ftp.port, how))).toBe(
        '220 deputy\r\n530 Please login with USER and PASS.\r\n',
      );
  });
});

test('a server that does not turn to TLS is named with its own words', async () => {
  const command = Command.start(['connect', `localhost:${smtp.port}`, '--starttls', 'pop3', ...through]);
  expect(await command.ended).toBe(1);
  expect(command.stderr).toMatch(/does not turn to TLS: '220 localhost ESMTP Exim/);
});
