// Real servers of protocols that are not HTTP, each in TLS from the first byte on, with a configuration of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface ByteServer {
  port: number;
  stop(): Promise<void>;
}

export interface ServerFiles {
  /** For everything that the server writes; must be reachable for everybody. */
  folder: string;
  certificate: string;
  key: string;
  /** Turns to TLS when it is asked, instead of speaking it from the first byte on. */
  turns?: boolean;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Waits until the port takes a connection; what the program said where it ends instead. */
async function running(
  program: string,
  args: string[],
  port: number,
  stdio?: 'inherited',
): Promise<ByteServer> {
  // vsftpd takes an open standard input for a client of inetd.
  const child: ChildProcess = spawn(program, args, {
    stdio: [stdio === 'inherited' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const out of [child.stdout!, child.stderr!]) out.on('data', (bytes) => (said += bytes));
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let attempt = 0; ; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) break;
    if (child.exitCode !== null || attempt > 150) throw new Error(`${program} does not run: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    port,
    async stop() {
      child.kill();
      await exit;
    },
  };
}

/** Exim, which takes every mail and keeps it in its queue. */
export async function startSmtp({ folder, certificate, key, turns }: ServerFiles): Promise<ByteServer> {
  const port = await freePort();
  const spool = join(folder, 'exim');
  await mkdir(spool);
  const { uid, gid } = userInfo();
  const config = `
exim_user = ${uid}
exim_group = ${gid}
never_users =
spool_directory = ${spool}
log_file_path = ${spool}/%slog
pid_file_path = ${spool}/pid
primary_hostname = localhost
daemon_smtp_ports = ${port}
${turns ? '' : `tls_on_connect_ports = ${port}`}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = ${certificate}
tls_privatekey = ${key}
acl_smtp_mail = accept
acl_smtp_rcpt = accept
acl_smtp_data = accept
smtp_accept_keepalive = false
host_lookup =
rfc1413_query_timeout = 0s
queue_only = true
keep_environment =
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = ${spool}/box
`;
  await writeFile(join(folder, 'exim.conf'), config);
  return running('/usr/sbin/exim4', ['-C', join(folder, 'exim.conf'), '-bdf'], port);
}

/** vsftpd with implicit TLS, for anonymous. */
export async function startFtp({ folder, certificate, key, turns }: ServerFiles): Promise<ByteServer> {
  const port = await freePort();
  const [root, empty] = [join(folder, 'ftp'), join(folder, 'empty')];
  await mkdir(root, { mode: 0o755 });
  await mkdir(empty, { mode: 0o755 });
  const config = `
listen=YES
background=NO
listen_address=127.0.0.1
listen_port=${port}
anonymous_enable=YES
anon_root=${root}
secure_chroot_dir=${empty}
ftp_username=nobody
run_as_launching_user=YES
ssl_enable=YES
implicit_ssl=${turns ? 'NO' : 'YES'}
allow_anon_ssl=YES
rsa_cert_file=${certificate}
rsa_private_key_file=${key}
seccomp_sandbox=NO
xferlog_enable=NO
`;
  await writeFile(join(folder, 'vsftpd.conf'), config.trimStart());
  return running('/usr/sbin/vsftpd', [join(folder, 'vsftpd.conf')], port, 'inherited');
}

/**
 * A telnet daemon behind stunnel, with a program that says what it hears where the login would be. It ends a line after
 * `exit`: telnetd drops what its program wrote last when it finds it gone first, with or without a proxy.
 */
export async function startTelnet({ folder, certificate, key }: ServerFiles): Promise<ByteServer> {
  const port = await freePort();
  const login = join(folder, 'login.sh');
  const script = [
    '#!/bin/sh',
    'echo welcome',
    'while read -r line; do [ "$line" = exit ] && echo bye && read -r _ && exit 0; echo "heard $line"; done',
  ];
  await writeFile(login, `${script.join('\n')}\n`, { mode: 0o755 });
  const config = `
foreground = yes
pid =
[telnet]
accept = 127.0.0.1:${port}
cert = ${certificate}
key = ${key}
exec = /usr/sbin/telnetd
execArgs = telnetd -h -E ${login}
`;
  await writeFile(join(folder, 'stunnel.conf'), config.trimStart());
  return running('/usr/bin/stunnel4', [join(folder, 'stunnel.conf')], port);
}

/** The user without rights on Debian. */
const NOBODY = 65534;

/** Dovecot with one mailbox: IMAP and POP3, each turning to TLS. Logins want TLS. */
export async function startMailbox({
  folder,
  certificate,
  key,
}: ServerFiles): Promise<ByteServer & { pop3: number }> {
  const [imap, pop3] = [await freePort(), await freePort()];
  const [base, mail] = [join(folder, 'dovecot'), join(folder, 'mail')];
  await mkdir(base);
  await mkdir(join(mail, 'new'), { recursive: true });
  await writeFile(join(mail, 'new/1.box'), 'Subject: kept\r\n\r\nwords of the mail\r\n');
  const { uid, gid, username } = userInfo();
  // It serves no mailbox of root's.
  const [owner, group] = uid === 0 ? [NOBODY, NOBODY] : [uid, gid];
  if (uid === 0) for (const name of ['', 'new', 'new/1.box']) await chown(join(mail, name), owner, group);
  const config = `
base_dir = ${base}
protocols = imap pop3
listen = 127.0.0.1
ssl = required
ssl_cert = <${certificate}
ssl_key = <${key}
log_path = ${base}/log
${uid === 0 ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}`}
mail_location = maildir:${mail}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${owner} gid=${group} home=${mail}
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = ${pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  chroot =
}
`;
  await writeFile(join(folder, 'dovecot.conf'), config.trimStart());
  const server = await running('/usr/sbin/dovecot', ['-F', '-c', join(folder, 'dovecot.conf')], imap);
  return { ...server, pop3 };
}
