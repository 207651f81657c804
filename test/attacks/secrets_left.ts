// What a core file of the proxy would show at once after sessions have ended: none of their secrets, whatever was
// delivered of them.
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { Grant, grantName } from '../../host/delegation/grant.js';
import { hkdfExpandLabel } from '../../host/proxy/record/key_schedule.js';
import { readUntil, TestMainSession } from '../host/proxy/bench.js';
import { delegate } from '../host/proxy/delegated.js';
import type { Attack } from './attack.js';
import { needsNginx, TOKENS } from './world.js';

/** Sessions of each kind: buffers are reused, and one alone may have been overwritten by chance. */
const SESSIONS = 6;

/** How many of `needles` lie in the writable memory of a process. */
export function foundIn(pid: number, needles: readonly Buffer[]): boolean[] {
  const found = needles.map(() => false);
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const piece = Buffer.alloc(1 << 22);
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw.. \S+ \S+ \d+ *(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined || match[3] === '[vvar]') continue;
    const end = Number.parseInt(match[2], 16);
    // The pieces overlap by the length of a needle.
    for (let at = Number.parseInt(match[1], 16); at < end; at += piece.length - 64) {
      let length = 0;
      try {
        length = readSync(file, piece, 0, Math.min(piece.length, end - at), at);
      } catch {
        // Reserved, not mapped.
        if (end - at > 1 << 28) break;
        continue;
      }
      const bytes = piece.subarray(0, length);
      for (const [i, needle] of needles.entries()) found[i] ||= bytes.includes(needle);
    }
  }
  closeSync(file);
  return found;
}

/** The traffic keys of TLS 1.3, for the suites that its secret's length allows (RFC 9846 §7.3), beside the secrets themselves. */
export function withKeys(
  secrets: readonly [label: string, secret: Buffer][],
): [label: string, secret: Buffer][] {
  return secrets.flatMap(([label, secret]): [string, Buffer][] => {
    if (!label.includes('TRAFFIC')) return [[label, secret]];
    const hash = secret.length === 48 ? 'sha384' : 'sha256';
    const lengths = hash === 'sha384' ? [32] : [16, 32];
    const keys = lengths.map((length): [string, Buffer] => [
      `key of ${label}`,
      hkdfExpandLabel(hash, secret, 'key', length),
    ]);
    return [[label, secret], ...keys];
  });
}

const kinds: { version: 'TLSv1.2' | 'TLSv1.3'; grant: Grant }[] = [
  { version: 'TLSv1.2', grant: Grant.Full },
  { version: 'TLSv1.2', grant: Grant.Resume },
  { version: 'TLSv1.3', grant: Grant.Session },
];

export const secretsLeft: Attack[] = kinds.map(({ version, grant }) => ({
  name: `secrets in the proxy's memory after ${SESSIONS} sessions of ${version}, grant ${grantName(grant)}`,
  expected: 'none at once after their ends',
  unable: () => (existsSync('/proc/self/mem') ? needsNginx() : 'there is no /proc/PID/mem'),
  async run(world) {
    const origin = await world.nginx({ files: { '/page': { type: 'text/plain', body: 'the page.' } } });
    const proxy = await world.proxy(['--log-level', 'warn', '--service', 'compress']);
    const secrets: [label: string, secret: Buffer][] = [];
    for (let i = 0; i < SESSIONS; i++) {
      const main = await TestMainSession.open(proxy, { token: TOKENS.alice });
      const session = await delegate(proxy, `localhost:${origin.port}`, 'open', {
        ...{ main, token: TOKENS.alice, ca: world.ca, servername: 'localhost' },
        ...{ minVersion: version, maxVersion: version, delivery: { grant } },
      });
      secrets.push(...session.inner.keyLog);
      session.stream.write('GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await readUntil(session.stream, 'the page.');
      const closed = new Promise((resolve) => session.conduit.once('close', resolve));
      session.conduit.end();
      session.conduit.resume();
      await closed;
      main.socket.destroy();
    }
    const searched = withKeys(secrets);
    const found = foundIn(
      proxy.pid,
      searched.map(([, secret]) => secret),
    );
    const left = searched.filter((_, i) => found[i]).map(([label]) => label);
    const counts = [...new Set(left)].map(
      (label) => `${left.filter((each) => each === label).length} × ${label}`,
    );
    return {
      held: left.length === 0,
      outcome: `${left.length} of ${searched.length} found${left.length > 0 ? `: ${counts.join(', ')}` : ''}`,
    };
  },
}));
