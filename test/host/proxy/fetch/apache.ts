// Apache httpd on loopback, as an origin of the tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { testAuthority } from '../bench.js';

export interface Apache {
  port: number;
  /** Its access log: `%{c}L %r %{SSL_SESSION_RESUMED}x`. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

const MODULES = ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl'];

/** `lines`: more of its configuration. */
export async function startApache(lines: readonly string[] = []): Promise<Apache> {
  const { issued } = await testAuthority();
  const directory = await mkdtemp(join(tmpdir(), 'deputy-apache-'));
  // Its workers give up root's rights.
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'root'));
  await writeFile(join(directory, 'root', 'index.html'), 'apache\n');
  await writeFile(join(directory, 'chain.pem'), issued.chainPem);
  await writeFile(join(directory, 'key.pem'), issued.keyPem, { mode: 0o600 });
  const port = await freePort();
  const configuration = [
    `ServerRoot "${directory}"`,
    ...MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    'ServerName origin.test',
    `PidFile "${directory}/pid"`,
    `DefaultRuntimeDir "${directory}"`,
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    'ErrorLog "error.log"',
    'CustomLog "access.log" "%{c}L %r %{SSL_SESSION_RESUMED}x"',
    `Listen 127.0.0.1:${port}`,
    `DocumentRoot "${directory}/root"`,
    'StartServers 1',
    'SSLEngine on',
    'SSLSessionCache "shmcb:cache(512000)"',
    'SSLCertificateFile "chain.pem"',
    'SSLCertificateKeyFile "key.pem"',
    ...lines,
  ];
  await writeFile(join(directory, 'apache.conf'), `${configuration.join('\n')}\n`);
  const child = spawn('/usr/sbin/apache2', ['-DFOREGROUND', '-f', join(directory, 'apache.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (data) => {
    output += data;
  });
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, child);
  } catch (error) {
    const errors = await readFile(join(directory, 'error.log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`${(error as Error).message}\n${output}${errors}`);
  }
  return { port, log: () => readFile(join(directory, 'access.log'), 'utf8'), stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`apache ended with status ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const stands = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (stands) return;
    await delay(50);
  }
  throw new Error('apache does not listen');
}
