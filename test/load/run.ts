// Sessions by the hundred on one proxy process, while clients, an origin and the Redis server of its cache are killed.
import { readdir, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Crowd } from './crowd.js';
import type { Counts, Held } from './messages.js';
import { startWorld, type World } from './world.js';

/** `plain` and `doomed` let nothing be kept; what `cached` serves is. */
const ORIGINS: Record<string, string> = {
  plain: 'no-store',
  cached: 'public, max-age=2',
  doomed: 'no-store',
};
const PROCESSES = 4;

type Settled = Held & { readonly sockets: number };

export interface LoadReport {
  readonly sessions: number;
  readonly opened: { sessions: number; milliseconds: number; sockets: number };
  readonly parts: { name: string; milliseconds: number; origins: Record<string, Counts> }[];
  readonly total: Record<string, Counts>;
  readonly memory: { base: Settled; busy: Held & { sockets?: number }; after: Settled };
  readonly alive: boolean;
  /** What the proxy logged. */
  readonly log: string;
}

/**
 * `seconds`: of each of its parts. Returns what every part brought: answers that were right, wrong (as soon as one is,
 * the proxy is broken) and failed, by origin; and what the proxy held before and after.
 */
export async function runLoad({
  sessions,
  seconds,
  profile,
  step = () => {},
}: {
  sessions: number;
  seconds: number;
  profile?: string | undefined;
  step?: (name: string) => void;
}): Promise<LoadReport> {
  step('starting origins, Redis and the proxy');
  const world = await startWorld(ORIGINS, { profile });
  try {
    // Once through everything, so that what is compiled and kept for good is in the base.
    await round(world, { processes: 1, workers: 12 }, 2000);
    const base = await settled(world, undefined);
    step(`opening ${sessions} sessions`);
    const crowd = new Crowd(world, { processes: PROCESSES, workers: Math.ceil(sessions / PROCESSES) });
    const begun = Date.now();
    while (crowd.sessions < sessions && Date.now() - begun < 120_000) await delay(50);
    const opened = {
      sessions: crowd.sessions,
      milliseconds: Date.now() - begun,
      sockets: await sockets(world),
    };
    crowd.go();
    const parts: LoadReport['parts'] = [];
    const part = async (name: string, act: () => unknown, except = 0) => {
      step(name);
      const before = crowd.counts(except);
      const started = Date.now();
      await act();
      await delay(seconds * 1000);
      parts.push({ name, milliseconds: Date.now() - started, ...difference(before, crowd.counts(except)) });
    };
    await part('undisturbed', () => {});
    const busy = await world.proxy.probe();
    await part('a client process is killed', () => crowd.kill(0), 1);
    await part('a client resets its connections', () => crowd.reset(1), 2);
    await part('the Redis server is killed', () => world.redis.kill(), 2);
    await part('the Redis server is back', () => world.redis.run(), 2);
    await part('an origin is killed', () => world.origins.doomed!.server.kill(), 2);
    step('closing');
    await crowd.stop();
    const after = await settled(world, base);
    const total = difference({}, crowd.counts(1)).origins;
    const alive = world.proxy.child.exitCode === null;
    return { sessions, opened, parts, total, memory: { base, busy, after }, alive, log: world.proxy.log() };
  } finally {
    step('stopping');
    await world.stop();
  }
}

async function round(
  world: World,
  size: { processes: number; workers: number },
  milliseconds: number,
): Promise<void> {
  const crowd = new Crowd(world, size);
  crowd.go();
  await delay(milliseconds);
  await crowd.stop();
}

/** What the proxy holds once nobody is there, waiting until it holds no more than `base`, or for 30 s. */
async function settled(world: World, base: Settled | undefined): Promise<Settled> {
  for (let tries = 0; ; tries++) {
    await delay(500);
    const held = { ...(await world.proxy.probe()), sockets: await sockets(world) };
    if (tries >= (base === undefined ? 2 : 60)) return held;
    // A timer may outlive the socket that it was for by a moment.
    if (base !== undefined && held.sockets <= base.sockets && isWithin(held.resources, base.resources))
      return held;
  }
}

const isWithin = (held: Held['resources'], base: Held['resources']) =>
  Object.entries(held).every(([name, count]) => count <= (base[name] ?? 0));

async function sockets({ proxy: { child } }: World): Promise<number> {
  const folder = `/proc/${child.pid}/fd`;
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  return links.filter((link) => link.startsWith('socket:')).length;
}

function difference(
  before: Record<string, Counts>,
  after: Record<string, Counts>,
): { origins: Record<string, Counts> } {
  const origins: Record<string, Counts> = {};
  for (const [name, now] of Object.entries(after)) {
    const then = before[name] ?? { right: 0, wrong: 0, failed: {} };
    const failed: Record<string, number> = {};
    for (const [code, n] of Object.entries(now.failed)) {
      const more = n - (then.failed[code] ?? 0);
      if (more > 0) failed[code] = more;
    }
    origins[name] = { right: now.right - then.right, wrong: now.wrong - then.wrong, failed };
  }
  return { origins };
}
