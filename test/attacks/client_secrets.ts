// What a core file of a client would show once it has closed: no secret of its sessions, whatever it granted.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { KeyLog } from '../interop/key_log.js';
import type { Attack } from './attack.js';
import { foundIn, withKeys } from './secrets_left.js';
import { TOKENS } from './world.js';

const LIBRARY = new URL('../../dist/host/index.js', import.meta.url);
/** Sessions of each kind: buffers are reused, and one alone may have been overwritten by chance. */
const SESSIONS = 6;

const PROGRAM = `
const { library, roots, url, port, token, grant, engine, conduits, sessions } = JSON.parse(process.argv[1]);
const { DeputyClient } = await import(library);
const proxy = { host: 'localhost', port, roots, token };
const policy = { rules: [{ origin: '*', decision: grant }] };
const client = new DeputyClient({ engine, conduits, proxy, roots, policy });
for (let i = 0; i < sessions; i++) await (await client.fetch(url)).text();
await client.close();
console.log('closed');
setInterval(() => {}, 1000);
`;

interface Kind {
  version: 'TLSv1.2' | 'TLSv1.3';
  grant: string;
  engine: 'v8' | 'wasm3';
  conduits: 'streams' | 'separate';
}

const kinds: Kind[] = [
  { version: 'TLSv1.2', grant: 'full', engine: 'v8', conduits: 'streams' },
  { version: 'TLSv1.2', grant: 'session', engine: 'wasm3', conduits: 'separate' },
  { version: 'TLSv1.3', grant: 'session', engine: 'wasm3', conduits: 'streams' },
  { version: 'TLSv1.3', grant: 'epoch', engine: 'v8', conduits: 'streams' },
  { version: 'TLSv1.3', grant: 'resume', engine: 'v8', conduits: 'separate' },
];

export const clientSecrets: Attack[] = kinds.map(({ version, grant, engine, conduits }) => ({
  name: `secrets in a client's memory after ${SESSIONS} sessions of ${version}, grant ${grant}, ${engine}, ${conduits}`,
  expected: 'none once it has closed',
  unable: () => (existsSync('/proc/self/mem') ? undefined : 'there is no /proc/PID/mem'),
  async run(world) {
    const log = new KeyLog();
    const { chainPem: cert, keyPem: key } = await world.issue(['localhost']);
    const limits = { minVersion: version, maxVersion: version } as const;
    const origin = createServer({ cert, key, ...limits }, (_, response) => {
      response.setHeader('Connection', 'close');
      response.end('the page.');
    });
    origin.on('keylog', (line: Buffer) => log.add(line));
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    world.onClose(() => origin.close());
    const keys = world.path('keys');
    const proxy = await world.proxy(['--log-level', 'warn'], [`--tls-keylog=${keys}`]);
    const options = {
      ...{ library: LIBRARY.href, roots: world.ca, port: proxy.port, token: TOKENS.alice },
      url: `https://localhost:${(origin.address() as AddressInfo).port}/`,
      ...{ grant, engine, conduits, sessions: SESSIONS },
    };
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, JSON.stringify(options)], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    world.onClose(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const told = await Promise.race([once(child.stdout, 'data'), ended]);
    if (String(told[0]).trim() !== 'closed') throw new Error('the client did not come to its end');
    const secrets = withKeys(log.all());
    const found = foundIn(
      child.pid ?? 0,
      secrets.map(([, secret]) => secret),
    );
    const left = secrets.filter((_, i) => found[i]).map(([label]) => label);
    return {
      held: secrets.length >= SESSIONS && left.length === 0,
      outcome: `${left.length} of ${secrets.length} found${left.length > 0 ? `: ${[...new Set(left)].join(', ')}` : ''}`,
    };
  },
}));
