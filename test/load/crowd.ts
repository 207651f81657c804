// Several processes of clients, and what all of them have counted.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Counts, Start } from './messages.js';
import type { World } from './world.js';

const client = fileURLToPath(new URL('client.ts', import.meta.url));

/** Adds counts of one origin, `{ right, wrong, failed: { code: n } }`, to others. */
function add(sum: Counts, counts: Counts): Counts {
  sum.right += counts.right;
  sum.wrong += counts.wrong;
  for (const [code, n] of Object.entries(counts.failed)) sum.failed[code] = (sum.failed[code] ?? 0) + n;
  return sum;
}

interface Member {
  readonly child: ChildProcess;
  counts: Record<string, Counts>;
  sessions: number;
}

export class Crowd {
  readonly #members: readonly Member[];

  /** `workers` sessions in each of `processes`, spread over the origins of the world. */
  constructor(world: World, { processes, workers }: { processes: number; workers: number }) {
    const origins = Object.values(world.origins).map(({ name, url, files }) => ({ name, url, files }));
    const start: Start = { proxy: world.proxy.connection, roots: world.authority.root.pem, origins, workers };
    this.#members = Array.from({ length: processes }, () => {
      const child = fork(client, { execArgv: ['--import', 'tsx'] });
      const member: Member = { child, counts: {}, sessions: 0 };
      child.on('message', ({ counts, sessions }: Pick<Member, 'counts' | 'sessions'>) =>
        Object.assign(member, { counts, sessions }),
      );
      child.send({ start });
      return member;
    });
  }

  /** Sessions that have served. */
  get sessions(): number {
    return this.#members.reduce((sum, { sessions }) => sum + sessions, 0);
  }

  /** What all but the `except` first members have counted, by origin. */
  counts(except = 0): Record<string, Counts> {
    const sums: Record<string, Counts> = {};
    for (const { counts } of this.#members.slice(except)) {
      for (const [origin, found] of Object.entries(counts)) {
        sums[origin] = add(sums[origin] ?? { right: 0, wrong: 0, failed: {} }, found);
      }
    }
    return sums;
  }

  /** All are open: to work. */
  go(): void {
    for (const { child } of this.#members) child.send('go');
  }

  /** As a crash would end it. */
  kill(member: number): void {
    this.#members[member]!.child.kill('SIGKILL');
  }

  /** Its connections are reset; it opens others. */
  reset(member: number): void {
    this.#members[member]!.child.send('reset');
  }

  async stop(): Promise<void> {
    const ended = this.#members.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      if (child.connected) child.send('stop');
      const force = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await gone;
      clearTimeout(force);
    });
    await Promise.all(ended);
  }
}
