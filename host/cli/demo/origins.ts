// Real HTTPS servers on loopback, for the demo and the tests: nginx, OpenSSL's and GnuTLS's own, and Node's.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TLSSocket } from 'node:tls';

export type ServerKind = 'nginx' | 'openssl' | 'gnutls' | 'node';

export interface OriginOptions {
  /** PEM: leaf and intermediates, and its PKCS#8 key. Several for a server of several key types. */
  certificates: readonly { chainPem: string; keyPem: string }[];
  /** What it serves: path → body. `/` where there is nothing to say. */
  files?: Readonly<Record<string, { type: string; body: Uint8Array | string }>>;
  /** Only this version where given; 1.2 and 1.3 otherwise. */
  version?: '1.2' | '1.3';
  /** OpenSSL names: of TLS 1.3 `TLS_…`, of 1.2 `ECDHE-…`. One suite alone. GnuTLS: use `priority`. */
  cipherSuite?: string;
  /** OpenSSL names of groups, as `P-256` or `X25519:P-256`. */
  groups?: string;
  /** Demands a client certificate of this authority (PEM). */
  clientCa?: string;
  /** A GnuTLS priority string, for gnutls alone. */
  priority?: string;
  /** Further arguments (openssl, gnutls) or lines of the server block (nginx). */
  more?: readonly string[];
}

export interface Origin {
  kind: ServerKind;
  /** As it names itself, with its version. */
  server: string;
  port: number;
  /** Everything the server printed or logged so far. */
  output(): string;
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): void;
}

const binaries: Record<Exclude<ServerKind, 'node'>, string> = {
  nginx: '/usr/sbin/nginx',
  openssl: '/usr/bin/openssl',
  gnutls: '/usr/bin/gnutls-serv',
};

export const isInstalled = (kind: ServerKind) => kind === 'node' || existsSync(binaries[kind]);

/** Starts a server and waits until it accepts connections. Rejects with what the server said where it does not. */
export async function startOrigin(kind: ServerKind, options: OriginOptions): Promise<Origin> {
  if (kind === 'node') return startNode(options);
  const directory = await mkdtemp(join(tmpdir(), 'deputy-origin-'));
  const port = await freePort();
  const files = await writeFiles(directory, options);
  const args = { nginx: nginxArguments, openssl: opensslArguments, gnutls: gnutlsArguments }[kind];
  const child = spawn(binaries[kind], await args(directory, port, options, files), {
    cwd: join(directory, 'root'),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output = (output + data).slice(-(1 << 20));
    });
  }
  const stop = async () => {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await listening(port, child);
  } catch (error) {
    await stop();
    throw new Error(`${kind} did not start: ${(error as Error).message}\n${output}`);
  }
  return {
    kind,
    server: serverNames[kind],
    port,
    output: () => output + accessLog(directory),
    stop,
    kill: () => child.kill('SIGKILL'),
  };
}

/** nginx can't log to a pipe that is a socket, so it logs to a file. */
function accessLog(directory: string): string {
  const file = join(directory, 'access.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const serverNames = { nginx: 'nginx', openssl: 'OpenSSL s_server', gnutls: 'GnuTLS gnutls-serv' };

interface Files {
  chains: string[];
  keys: string[];
  clientCa?: string;
}

async function writeFiles(directory: string, options: OriginOptions): Promise<Files> {
  const files: Files = { chains: [], keys: [] };
  for (const [index, { chainPem, keyPem }] of options.certificates.entries()) {
    files.chains.push(join(directory, `chain${index}.pem`));
    files.keys.push(join(directory, `key${index}.pem`));
    await writeFile(files.chains[index]!, chainPem);
    await writeFile(files.keys[index]!, keyPem, { mode: 0o600 });
  }
  if (options.clientCa !== undefined) {
    files.clientCa = join(directory, 'client-ca.pem');
    await writeFile(files.clientCa, options.clientCa);
  }
  await mkdir(join(directory, 'root'));
  return files;
}

async function nginxArguments(directory: string, port: number, options: OriginOptions, files: Files) {
  const types = new Set<string>();
  for (const [path, { type, body }] of Object.entries(options.files ?? {})) {
    const file = join(directory, 'root', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body);
    types.add(`location = ${path} { default_type "${type}"; types { } }`);
  }
  const tls13Suite = options.cipherSuite?.startsWith('TLS_') === true;
  const configuration = `
daemon off; master_process off; pid ${directory}/nginx.pid; error_log stderr info;
events { worker_connections 1024; }
http {
  log_format deputy '$request_method $request_uri $status $ssl_protocol $ssl_cipher $ssl_session_reused $connection';
  access_log ${directory}/access.log deputy;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    root ${directory}/root;
    ${files.chains.map((chain, i) => `ssl_certificate ${chain}; ssl_certificate_key ${files.keys[i]};`).join('\n')}
    ssl_protocols ${options.version === undefined ? 'TLSv1.2 TLSv1.3' : `TLSv${options.version}`};
    ${options.cipherSuite === undefined ? '' : tls13Suite ? `ssl_conf_command Ciphersuites ${options.cipherSuite};` : `ssl_ciphers ${options.cipherSuite};`}
    ${options.groups === undefined ? '' : `ssl_ecdh_curve ${options.groups};`}
    ${files.clientCa === undefined ? '' : `ssl_verify_client on; ssl_client_certificate ${files.clientCa}; ssl_verify_depth 4;`}
    ssl_session_cache shared:deputy:1m;
    ${(options.more ?? []).join('\n')}
    ${[...types].join('\n')}
  }
}`;
  await writeFile(join(directory, 'nginx.conf'), configuration);
  return ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'];
}

async function opensslArguments(directory: string, port: number, options: OriginOptions, files: Files) {
  // -HTTP serves files that hold a whole response, its head included.
  for (const [path, { type, body }] of Object.entries(options.files ?? {})) {
    const file = join(directory, 'root', path);
    await mkdir(dirname(file), { recursive: true });
    const bytes = Buffer.from(body);
    const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
    await writeFile(file, Buffer.concat([Buffer.from(head), bytes]));
  }
  const [first, second] = files.chains.keys();
  const certificate = (i: number, prefix: string) => [
    `-${prefix}cert`,
    files.chains[i]!,
    `-${prefix}key`,
    files.keys[i]!,
    `-${prefix}cert_chain`,
    files.chains[i]!,
  ];
  return [
    's_server',
    ...['-accept', `127.0.0.1:${port}`],
    ...certificate(first!, ''),
    ...(second === undefined ? [] : certificate(second, 'd')),
    ...(options.files === undefined ? ['-www'] : ['-HTTP']),
    ...(options.version === undefined ? [] : [`-tls${options.version.replace('.', '_')}`]),
    ...(options.cipherSuite === undefined
      ? []
      : [options.cipherSuite.startsWith('TLS_') ? '-ciphersuites' : '-cipher', options.cipherSuite]),
    ...(options.groups === undefined ? [] : ['-groups', options.groups]),
    ...(files.clientCa === undefined
      ? []
      : ['-Verify', '4', '-verify_return_error', '-CAfile', files.clientCa]),
    ...(options.more ?? []),
  ];
}

async function gnutlsArguments(_directory: string, port: number, options: OriginOptions, files: Files) {
  const versions =
    options.version === undefined ? '+VERS-TLS1.2:+VERS-TLS1.3' : `+VERS-TLS${options.version}`;
  return [
    ...['--http', '--port', String(port)],
    ...files.chains.flatMap((chain, i) => ['--x509certfile', chain, '--x509keyfile', files.keys[i]!]),
    ...['--priority', options.priority ?? `NORMAL:-VERS-ALL:${versions}`],
    ...(files.clientCa === undefined
      ? ['--disable-client-cert']
      : ['--require-client-cert', '--verify-client-cert', '--x509cafile', files.clientCa]),
    ...(options.more ?? []),
  ];
}

async function startNode(options: OriginOptions): Promise<Origin> {
  let output = '';
  const server = https.createServer(
    {
      cert: options.certificates.map(({ chainPem }) => chainPem),
      key: options.certificates.map(({ keyPem }) => keyPem),
      ...(options.version !== undefined && {
        minVersion: `TLSv${options.version}`,
        maxVersion: `TLSv${options.version}`,
      }),
      ...(options.cipherSuite !== undefined && { ciphers: options.cipherSuite }),
      ...(options.groups !== undefined && { ecdhCurve: options.groups }),
      ...(options.clientCa !== undefined && {
        requestCert: true,
        rejectUnauthorized: true,
        ca: options.clientCa,
      }),
    },
    (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'https://origin.invalid');
      output += `${request.method} ${request.url} ${(request.socket as TLSSocket).getProtocol()}\n`;
      const file = options.files?.[pathname];
      if (file === undefined) {
        response.writeHead(options.files === undefined ? 200 : 404, { 'Content-Type': 'text/plain' });
        response.end(`${request.method} ${request.url}\n`);
        return;
      }
      const body = Buffer.from(file.body);
      response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
    },
  );
  server.on('tlsClientError', (error) => {
    output += `${error.message}\n`;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const kill = () => void stop();
  return { kind: 'node', server: `Node.js ${process.version}`, port, output: () => output, stop, kill };
}

/** A port that was free a moment ago: the servers above can't be asked which one they took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nothing listens after 10 s');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 2000);
  await over;
  clearTimeout(force);
}
