// A process of Deputy's own clients: keeps its sessions at work, checks every byte, and counts what came of it.
// Told over its channel: {start} (each session is opened by one request), 'go', 'reset' (its connections break off),
// 'stop'.
import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { DeputyClient, nodePlatform } from '../../dist/host/index.js';

let working = true;
let port;
let go = () => {};
const going = new Promise((resolve) => {
  go = resolve;
});
const counts = {};
const sessions = new Set();

const count = (origin, what) => {
  counts[origin] ??= { right: 0, wrong: 0, failed: {} };
  if (what === 'right' || what === 'wrong') counts[origin][what]++;
  else counts[origin].failed[what] = (counts[origin].failed[what] ?? 0) + 1;
};

/** One session's worth of work: one request after the other to one origin. */
async function work(client, { name, url, files }, first) {
  for (let turn = first; working; turn++) {
    const { path, hash } = files[turn % files.length];
    try {
      const { status, body, session } = await client.request(`${url}${path}`);
      sessions.add(session.sessionId);
      const seen = createHash('sha256');
      for await (const chunk of body) seen.update(chunk);
      count(name, status === 200 && seen.digest('hex') === hash ? 'right' : 'wrong');
      await going;
    } catch (error) {
      if (!working) return;
      count(name, error.code ?? error.message);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function start({ proxy, roots, origins, workers }) {
  port = proxy.port;
  const client = new DeputyClient({
    platform: nodePlatform({ engine: 'v8' }),
    roots,
    proxy: { ...proxy, roots },
    policy: { rules: [{ origin: '*', decision: 'session' }] },
    maxSessions: workers,
    timeouts: { response: 60_000 },
  });
  const loops = Array.from({ length: workers }, (_, i) => work(client, origins[i % origins.length], i));
  const report = setInterval(() => process.send({ counts, sessions: sessions.size }), 200);
  await Promise.all(loops);
  clearInterval(report);
  await client.close();
  process.send({ counts, sessions: sessions.size }, () => process.disconnect());
}

process.on('message', (message) => {
  if (message === 'stop') {
    working = false;
    go();
  } else if (message === 'go') go();
  else if (message === 'reset') {
    for (const handle of process._getActiveHandles())
      if (handle instanceof Socket && handle.remotePort === port) handle.resetAndDestroy();
  } else {
    void start(message.start);
  }
});
