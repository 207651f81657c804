// Bytes that go to the origin before the delivery begin a request that the proxy's first one completes: what comes back is the
// answer to another question. It must not pass for what the proxy asked, for anybody else.
import { createHmac } from 'node:crypto';
import { Grant } from '../../host/delegation/grant.js';
import { sessionKeys } from '../../host/proxy/record/session_keys.js';
import type { InnerClient } from '../host/proxy/bench.js';
import type { Attack } from './attack.js';
import { ask, leave, lie } from './liar.js';
import { type AttackWorld, needsNginx, type ProxyProcess } from './world.js';

const NAME = 'victim.test';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** An origin with two virtual hosts that says what it was asked for. */
async function echo(world: AttackWorld, version: '1.2' | '1.3') {
  const says = 'return 200 "I am $http_host$request_uri xfh=$http_x_forwarded_host\\n";';
  const headers = 'add_header Cache-Control "public, max-age=600"; default_type text/plain;';
  return world.nginx({
    names: [NAME, 'attacker.test'],
    version,
    more: [`location / { ${headers} ${says} }`],
  });
}

/** What is sent before the delivery. */
type Prefix = (inner: InnerClient, page: string) => Promise<Record<string, unknown> | undefined>;

const begin =
  (text: string): Prefix =>
  async (inner, page) => {
    inner.socket.write(text.replace('/page', page));
    await pause(50);
    return undefined;
  };

/** The client leaves its first epoch by a KeyUpdate of its own making, and delivers the second as if it were the first. */
const inEarlierEpoch: Prefix = async (inner) => {
  const flight = inner.sent.length;
  inner.socket.write('GET /evil HTTP/1.1\r\nX: ');
  await pause(50);
  const { secrets } = inner;
  const half = secrets.length / 2;
  const { clientHello, serverHello } = inner.view;
  if (clientHello === undefined || serverHello === undefined) throw new Error('no handshake');
  const { version, cipherSuite, random } = serverHello;
  const session = { version, cipherSuite, clientRandom: clientHello.random, serverRandom: random };
  const keys = sessionKeys({ grant: Grant.Session, secrets }, { ...session, encryptThenMac: false });
  const cipher = keys.cipher('client', { sequence: inner.sent.length - flight });
  const update = cipher.seal(22, Buffer.from([24, 0, 0, 1, 0]));
  inner.sent.push(update);
  inner.conduit.write(update);
  const label = Buffer.from('tls13 traffic upd');
  const info = Buffer.concat([Buffer.from([0, half, label.length]), label, Buffer.from([0, 1])]);
  const hash = half === 48 ? 'sha384' : 'sha256';
  const next = createHmac(hash, secrets.subarray(0, half)).update(info).digest();
  return { secrets: Buffer.concat([next, secrets.subarray(half)]), clientEpochStart: inner.sent.length };
};

const PREFIXES: Record<string, { versions: readonly ('1.2' | '1.3')[]; send: Prefix }> = {
  'the beginning of another request': {
    versions: ['1.2', '1.3'],
    send: begin('GET /evil HTTP/1.1\r\nX: '),
  },
  'a header that no cache tells apart': {
    versions: ['1.2', '1.3'],
    send: begin('GET /page HTTP/1.1\r\nX-Forwarded-Host: evil.test\r\nX: '),
  },
  'a whole request of another host': {
    versions: ['1.2', '1.3'],
    send: begin('GET /page HTTP/1.1\r\nHost: attacker.test\r\n\r\n'),
  },
  'one byte': { versions: ['1.2', '1.3'], send: begin('\r') },
  'a request in an epoch that was left': { versions: ['1.3'], send: inEarlierEpoch },
};

/** What alice's lie made of bob's answer, or why it was refused. */
async function tryPrefix(
  proxy: ProxyProcess,
  target: string,
  version: '1.2' | '1.3',
  page: string,
  send: Prefix,
) {
  const options = { servername: NAME, version: `TLSv${version}` } as const;
  const request = `GET ${page} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
  const alice = await lie(proxy, target, { ...options, before: (inner) => send(inner, page) });
  await ask(alice, request);
  await leave(alice);
  const bob = await lie(proxy, target, { ...options, who: 'bob' });
  const first = await ask(bob, request);
  const again = await ask(bob, request);
  await leave(bob);
  const right = `I am ${target}${page} xfh=\n`;
  const shared = /cache-status: deputy; hit/i;
  return {
    refusal: alice.refusal,
    isRight: first.endsWith(right) && !shared.test(first) && again.endsWith(right) && shared.test(again),
    got: first.split('\r\n\r\n')[1] ?? first,
  };
}

const attack = (version: '1.2' | '1.3', isStrict: boolean): Attack => ({
  name: `bytes before the delivery, TLS ${version}${isStrict ? ', --require-delegation' : ''}`,
  expected: isStrict
    ? 'each delivery is refused'
    : 'bob gets what he asked for, of the origin, then of the cache',
  unable: needsNginx,
  async run(world) {
    const origin = await echo(world, version);
    const proxy = await world.proxy([
      ...['--resolve', `${NAME}=127.0.0.1`, '--cache', 'memory', '--origin-ca', world.path('ca.pem')],
      ...['--log-level', 'warn', ...(isStrict ? ['--require-delegation'] : [])],
    ]);
    const failed: string[] = [];
    const tried = Object.entries(PREFIXES).filter(([, { versions }]) => versions.includes(version));
    for (const [index, [what, { send }]] of tried.entries()) {
      const target = `${NAME}:${origin.port}`;
      const { refusal, isRight, got } = await tryPrefix(proxy, target, version, `/page${index}`, send);
      if (!isRight || (isStrict && refusal === undefined)) failed.push(`${what}: bob got ${got.trim()}`);
    }
    return {
      held: failed.length === 0,
      outcome: failed.join('; ') || `${tried.length} of ${tried.length} held`,
    };
  },
});

export const poisonedPrefixes: Attack[] = (['1.2', '1.3'] as const).flatMap((version) =>
  [false, true].map((isStrict) => attack(version, isStrict)),
);
