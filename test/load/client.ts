// A process of Deputy's own clients: keeps its sessions at work, checks every byte, and counts what came of it.
// Told over its channel: {start} (each session is opened by one request), 'go', 'reset' (its connections break off),
// 'stop'.
import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { DeputyClient, nodePlatform } from '../../host/index.js';
import type { Asked, Counts, Start } from './messages.js';

let working = true;
let port = 0;
let go = () => {};
const going = new Promise<void>((resolve) => {
  go = resolve;
});
const counts: Record<string, Counts> = {};
const sessions = new Set<unknown>();

const count = (origin: string, what: string) => {
  counts[origin] ??= { right: 0, wrong: 0, failed: {} };
  const of = counts[origin];
  if (what === 'right' || what === 'wrong') of[what]++;
  else of.failed[what] = (of.failed[what] ?? 0) + 1;
};

/** One session's worth of work: one request after the other to one origin. */
async function work(client: DeputyClient, { name, url, files }: Start['origins'][number], first: number) {
  for (let turn = first; working; turn++) {
    const { path, hash } = files[turn % files.length]!;
    try {
      const { status, body, session } = await client.request(`${url}${path}`);
      sessions.add(session.sessionId);
      const seen = createHash('sha256');
      for await (const chunk of body) seen.update(chunk);
      count(name, status === 200 && seen.digest('hex') === hash ? 'right' : 'wrong');
      await going;
    } catch (error) {
      if (!working) return;
      const { code, message } = error as NodeJS.ErrnoException;
      count(name, code ?? message);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function start({ proxy, roots, origins, workers }: Start) {
  port = proxy.port;
  const client = new DeputyClient({
    platform: nodePlatform({ engine: 'v8' }),
    roots,
    proxy: { ...proxy, roots },
    policy: { rules: [{ origin: '*', decision: 'session' }] },
    maxSessions: workers,
    timeouts: { response: 60_000 },
  });
  const loops = Array.from({ length: workers }, (_, i) => work(client, origins[i % origins.length]!, i));
  const report = setInterval(() => process.send!({ counts, sessions: sessions.size }), 200);
  await Promise.all(loops);
  clearInterval(report);
  await client.close();
  process.send!({ counts, sessions: sessions.size }, () => process.disconnect());
}

process.on('message', (message: Asked) => {
  if (message === 'stop') {
    working = false;
    go();
  } else if (message === 'go') go();
  else if (message === 'reset') {
    const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] };
    for (const handle of handles())
      if (handle instanceof Socket && handle.remotePort === port) handle.resetAndDestroy();
  } else {
    void start(message.start);
  }
});
