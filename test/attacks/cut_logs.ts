// What the operator of a proxy, or who breaks in there, does to its audit log.
import { readFile, writeFile } from 'node:fs/promises';
import { deputy } from '../interop/command.js';
import type { Attack } from './attack.js';
import { needsNginx } from './world.js';

const changes: Record<string, (lines: string[]) => string[]> = {
  'its beginning is removed': (lines) => lines.slice(3),
  'all but its last two entries are removed': (lines) => lines.slice(-2),
  'its last entry is removed': (lines) => lines.slice(0, -1),
  'all of it is removed': () => [],
  'an entry is removed': (lines) => lines.toSpliced(2, 1),
  'one field is changed': (lines) => lines.map((line, i) => (i === 2 ? line.replace('GET', 'PUT') : line)),
};

export const cutLogs: Attack[] = [
  {
    name: 'changes of an audit log',
    expected: 'verify exits with 1 for each, and with 0 for the log as it was',
    unable: needsNginx,
    async run(world) {
      const origin = await world.nginx({ files: { '/page': { type: 'text/plain', body: 'the page.' } } });
      const log = world.path('audit.log');
      const proxy = await world.proxy(['--log-level', 'warn', '--audit', log]);
      for (let i = 0; i < 2; i++) await world.get(proxy, `https://localhost:${origin.port}/page`);
      proxy.command.child.kill('SIGTERM');
      await proxy.command.ended;
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
      const verify = async () => (await deputy(['audit', 'verify', log])).status;
      const whole = await verify();
      const missed: string[] = [];
      for (const [name, change] of Object.entries(changes)) {
        const text = change(lines).map((line) => `${line}\n`);
        await writeFile(log, text.join(''));
        if ((await verify()) !== 1) missed.push(name);
      }
      return {
        held: whole === 0 && missed.length === 0 && lines.length >= 8,
        outcome: `${lines.length} entries, exit ${whole}; missed: ${missed.join(', ') || 'nothing'}`,
      };
    },
  },
  {
    name: 'a second proxy on one audit log',
    expected: 'it does not start, and the first goes on',
    async run(world) {
      const log = world.path('audit.log');
      const first = await world.proxy(['--log-level', 'warn', '--audit', log]);
      const second = await world.proxy(['--log-level', 'warn', '--audit', log]).then(
        () => 'it started',
        (error: Error) => error.message,
      );
      return {
        held: second.includes('written by process') && first.isAlive(),
        outcome: second.trim().split('\n').at(-1) ?? '',
      };
    },
  },
];
