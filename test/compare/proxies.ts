// The proxies that are compared, each as one process on loopback, told to trust the same origin.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Authority } from '../../host/cli/demo/authority/authority.js';
import { TOKEN } from '../host/proxy/bench.js';

export const FROM = 'a horse, a horse';
export const TO = 'A HORSE, A HORSE';

export interface RunningProxy {
  port: number;
  /** PEM of the authority that signs what the client sees. */
  ca: string;
  /** User and system seconds of the process so far. */
  seconds(): Promise<number>;
  /** Bytes. */
  resident(): Promise<number>;
  stop(): Promise<void>;
}

export interface Contestant {
  name: 'deputy' | 'deputy, in-process' | 'mitmproxy' | 'squid';
  title: string;
  file: string;
  package: string;
  /** Squid changes no bodies by itself; where the service runs makes no difference when there is none. */
  rewrites: 'never' | 'too' | 'only';
  version(): string;
  start(directory: string, authority: Authority, rewriting: boolean): Promise<RunningProxy>;
}

const root = new URL('../../', import.meta.url).pathname;
const command = join(root, 'dist/host/cli/deputy.js');

const firstLine = (file: string, ...args: string[]) =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0]!;

/** `more`: further options. */
const deputy = (name: 'deputy' | 'deputy, in-process', more: readonly string[] = []): Contestant => ({
  name,
  title: name,
  file: command,
  package: '',
  rewrites: more.length > 0 ? 'only' : 'too',
  version: () => `Deputy on Node.js ${process.version}`,
  async start(directory, authority, rewriting) {
    const issued = await authority.issue({ names: ['localhost', '127.0.0.1'] });
    const file = await folder(directory, 'deputy', {
      'chain.pem': issued.chainPem,
      'key.pem': issued.keyPem,
      tokens: `test:${TOKEN}`,
      'service.mjs': SERVICE,
    });
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [
        ...profiling(),
        command,
        ...['proxy', '--listen', `127.0.0.1:${port}`, '--log-level', 'silent'],
        ...['--cert', file('chain.pem'), '--key', file('key.pem'), '--token-file', file('tokens')],
        ...['--allow-target', '127.0.0.0/8', '--allow-target', '::1'],
        ...(rewriting ? ['--service', file('service.mjs'), ...more] : []),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return running(child, port, authority.root.pem);
  },
});

/** DEPUTY_PROFILE names a folder for Deputy's own CPU profile: not for figures, which it spoils. */
const profiling = () =>
  process.env.DEPUTY_PROFILE === undefined
    ? []
    : ['--cpu-prof', '--cpu-prof-dir', process.env.DEPUTY_PROFILE];

const SERVICE = `
const from = '${FROM}', to = '${TO}';
export default {
  name: 'rewrite',
  response: ({ response }) => ({ body: rewrite, ...(response.length && { length: response.length }) }),
};
async function* rewrite(body) {
  let text = '';
  for await (const bytes of body) {
    text = (text + Buffer.from(bytes).toString('latin1')).replaceAll(from, to);
    yield Buffer.from(text.slice(0, -from.length), 'latin1');
    text = text.slice(-from.length);
  }
  yield Buffer.from(text, 'latin1');
}
`;

const mitmproxy: Contestant = {
  name: 'mitmproxy',
  title: 'mitmproxy',
  file: '/usr/bin/mitmdump',
  package: 'mitmproxy',
  rewrites: 'too',
  version: () => firstLine('/usr/bin/mitmdump', '--version').replace(':', ''),
  async start(directory, authority, rewriting) {
    const file = await folder(directory, 'mitmproxy', {
      'root.pem': authority.root.pem,
      'addon.py': [
        'def response(flow):',
        `    flow.response.content = flow.response.content.replace(b"${FROM}", b"${TO}")`,
      ].join('\n'),
    });
    const port = await freePort();
    const child = spawn(
      '/usr/bin/mitmdump',
      [
        ...['-q', '--listen-host', '127.0.0.1', '-p', String(port), '--set', 'flow_detail=0'],
        ...['--set', `confdir=${file('.')}`, '--set', `ssl_verify_upstream_trusted_ca=${file('root.pem')}`],
        ...(rewriting ? ['-s', file('addon.py')] : []),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return running(child, port, () => readFile(file('mitmproxy-ca-cert.pem'), 'utf8'));
  },
};

const squid: Contestant = {
  name: 'squid',
  title: 'Squid',
  file: '/usr/sbin/squid',
  package: 'squid-openssl',
  rewrites: 'never',
  version: () => `${firstLine('/usr/sbin/squid', '-v').replace(/.*Version /, 'Squid ')}, OpenSSL, ssl-bump`,
  async start(directory, authority) {
    const port = await freePort();
    const file = await folder(directory, 'squid', { 'root.pem': authority.root.pem });
    const subject = ['-subj', '/CN=Squid of the comparison', '-addext', 'keyUsage=critical,keyCertSign'];
    const keys = ['-keyout', file('ca.key'), '-out', file('ca.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...keys],
      { stdio: 'ignore' },
    );
    const certificates = '/usr/lib/squid/security_file_certgen';
    await rm(file('certificates'), { recursive: true, force: true });
    execFileSync(certificates, ['-c', '-s', file('certificates'), '-M', '4MB'], { stdio: 'ignore' });
    const settings = [
      `http_port 127.0.0.1:${port} ssl-bump generate-host-certificates=on tls-cert=${file('ca.pem')} tls-key=${file('ca.key')}`,
      `sslcrtd_program ${certificates} -s ${file('certificates')} -M 4MB`,
      'acl first at_step SslBump1',
      'ssl_bump peek first',
      'ssl_bump bump all',
      `tls_outgoing_options cafile=${file('root.pem')}`,
      'http_access allow all',
      'cache deny all',
      'access_log none',
      `cache_log ${file('cache.log')}`,
      'pid_filename none',
      'shutdown_lifetime 1 second',
    ];
    await writeFile(file('squid.conf'), `${settings.join('\n')}\n`);
    // Started by root it runs as `proxy`.
    if (process.getuid!() === 0) execFileSync('chown', ['-R', 'proxy:proxy', file('.')]);
    const child = spawn('/usr/sbin/squid', ['-N', '-f', file('squid.conf')], { stdio: 'ignore' });
    return running(child, port, () => readFile(file('ca.pem'), 'utf8'));
  },
};

export const contestants: readonly Contestant[] = [
  deputy('deputy'),
  deputy('deputy, in-process', ['--trust-services']),
  mitmproxy,
  squid,
];

export const absent = () => contestants.filter(({ file }) => !existsSync(file));

async function folder(directory: string, name: string, files: Record<string, string>) {
  const path = join(directory, name);
  await chmod(directory, 0o755);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return (file: string) => join(path, file);
}

async function running(
  child: ChildProcess,
  port: number,
  ca: string | (() => Promise<string>),
): Promise<RunningProxy> {
  const deadline = Date.now() + 20_000;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${child.spawnfile} does not listen`);
    await delay(50);
  }
  return {
    port,
    ca: typeof ca === 'string' ? ca : await ca(),
    async seconds() {
      // proc(5): fields 14 and 15, in ticks of 10 ms.
      const fields = (await stat(child.pid!)).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async resident() {
      const status = await readFile(`/proc/${child.pid}/status`, 'latin1');
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(force);
    },
  };
}

const stat = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2);
};

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
