// Several processes of clients, and what all of them have counted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const client = fileURLToPath(new URL('client.mjs', import.meta.url));

/** Adds counts of one origin, `{ right, wrong, failed: { code: n } }`, to others. */
function add(sum, counts) {
  sum.right += counts.right;
  sum.wrong += counts.wrong;
  for (const [code, n] of Object.entries(counts.failed)) sum.failed[code] = (sum.failed[code] ?? 0) + n;
  return sum;
}

export class Crowd {
  #members;

  /** `workers` sessions in each of `processes`, spread over the origins of the world. */
  constructor(world, { processes, workers }) {
    const origins = Object.values(world.origins).map(({ name, url, files }) => ({ name, url, files }));
    const start = { proxy: world.proxy.connection, roots: world.authority.root.pem, origins, workers };
    this.#members = Array.from({ length: processes }, () => {
      const child = fork(client, { execArgv: [] });
      const member = { child, counts: {}, sessions: 0 };
      child.on('message', ({ counts, sessions }) => Object.assign(member, { counts, sessions }));
      child.send({ start });
      return member;
    });
  }

  /** Sessions that have served. */
  get sessions() {
    return this.#members.reduce((sum, { sessions }) => sum + sessions, 0);
  }

  /** What all but the `except` first members have counted, by origin. */
  counts(except = 0) {
    const sums = {};
    for (const { counts } of this.#members.slice(except)) {
      for (const [origin, found] of Object.entries(counts)) {
        sums[origin] = add(sums[origin] ?? { right: 0, wrong: 0, failed: {} }, found);
      }
    }
    return sums;
  }

  /** All are open: to work. */
  go() {
    for (const { child } of this.#members) child.send('go');
  }

  /** As a crash would end it. */
  kill(member) {
    this.#members[member].child.kill('SIGKILL');
  }

  /** Its connections are reset; it opens others. */
  reset(member) {
    this.#members[member].child.send('reset');
  }

  async stop() {
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
