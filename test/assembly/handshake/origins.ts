// Real servers for the handshake tests: openssl s_server, gnutls-serv, Node's tls, OpenJDK's. Each listens on a port of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { Issued } from '../../../host/cli/demo/authority/authority.js';

export interface Origin {
  port: number;
  /** What the program printed so far. */
  output(): string;
  /** Types into the program, where it reads its input. */
  type(text: string): void;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function run(
  program: string,
  args: (port: number, folder: string) => string[],
  files: Record<string, string>,
): Promise<Origin> {
  const folder = await mkdtemp(join(tmpdir(), 'deputy-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const port = await freePort();
  const child = spawn(program, args(port, folder), { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    output += bytes;
  });
  await listening(child, port);
  return {
    port,
    output: () => output,
    type: (text) => child.stdin.write(text),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`${child.spawnfile} did not come up`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

const pems = (issued: Issued, root?: string) => ({
  'cert.pem': issued.certificatePem,
  'chain.pem': issued.chainPem,
  'key.pem': issued.keyPem,
  ...(root && { 'root.pem': root }),
});

/** openssl s_server. Echoes reversed lines with `-rev`, serves a status page with `-www`. */
export function openssl(issued: Issued, args: string[], clientRoot?: string): Promise<Origin> {
  return run(
    'openssl',
    (port, folder) => [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      join(folder, 'cert.pem'),
      '-cert_chain',
      join(folder, 'chain.pem'),
      '-key',
      join(folder, 'key.pem'),
      ...(clientRoot ? ['-CAfile', join(folder, 'root.pem')] : []),
      ...args,
    ],
    pems(issued, clientRoot),
  );
}

/** gnutls-serv in echo mode. */
export function gnutls(
  issued: Issued,
  priority: string,
  args: string[] = [],
  clientRoot?: string,
): Promise<Origin> {
  return run(
    'gnutls-serv',
    (port, folder) => [
      '--echo',
      '--port',
      String(port),
      '--x509certfile',
      join(folder, 'chain.pem'),
      '--x509keyfile',
      join(folder, 'key.pem'),
      '--priority',
      priority,
      ...(clientRoot ? ['--x509cafile', join(folder, 'root.pem')] : []),
      ...args,
    ],
    pems(issued, clientRoot),
  );
}

/** Why OpenJDK can't serve here; undefined where it can. It runs the server from source, so a JRE alone is not enough. */
export function jsseMissing(): string | undefined {
  const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  if (modules.error) return 'no java here: openjdk-17-jdk-headless has it';
  return modules.stdout.includes('jdk.compiler')
    ? undefined
    : 'this java has no compiler: openjdk-17-jdk-headless has it';
}

/** OpenJDK's server, which echoes or serves one page, with every version from SSL 3.0 to TLS 1.2 and every suite. */
export function jsse(
  issued: Issued,
  { clientAuth = false, http = false, dhBits = 2048 } = {},
): Promise<Origin> {
  return run(
    'java',
    (port, folder) => [
      `-Djdk.tls.ephemeralDHKeySize=${dhBits}`,
      fileURLToPath(new URL('JsseServer.java', import.meta.url)),
      String(port),
      join(folder, 'chain.pem'),
      join(folder, 'key.pem'),
      ...(http ? ['http'] : clientAuth ? ['auth'] : []),
    ],
    pems(issued),
  );
}

/** Node's own server; `onSocket` gets each connection that finished its handshake. It echoes unless told otherwise. */
export async function node(
  issued: Issued,
  options: TlsOptions = {},
  onSocket: (socket: TLSSocket) => void = (socket) => socket.pipe(socket),
): Promise<Origin> {
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem, ...options }, (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    output: () => '',
    type: () => {},
    stop: async () => {
      server.close();
    },
  };
}
