// A process that is killed as it writes leaves whole entries, or none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiskStore } from '../../../../../host/services/cache/stores/disk.js';
import { buildCommand } from '../../../../interop/command.js';

const NAMES = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const LENGTH = 3_000_000;
const LIMITS = { bytes: 1 << 30, entries: 100 };
const MODULE = new URL('../../../../../dist/host/services/cache/stores/disk.js', import.meta.url);

/** Writes all entries over and over, each of one letter alone, and tells of each round. */
const PROGRAM = `
const { module, directory, names, length, limits } = JSON.parse(process.argv[1]);
const { DiskStore } = await import(module);
const store = await DiskStore.open(directory, limits);
for (let round = 0; ; round++) {
  await Promise.all(names.map((name) => store.set(name, Buffer.alloc(length, 65 + (round % 26)), 60_000)));
  process.stdout.write('.');
}`;

test('entries are whole or missing after each of five kills, and leftovers go', async () => {
  buildCommand();
  const directory = await mkdtemp(join(tmpdir(), 'deputy-killed-'));
  try {
    for (let kill = 1; kill <= 5; kill++) {
      const options = { module: MODULE.href, directory, names: NAMES, length: LENGTH, limits: LIMITS };
      const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, JSON.stringify(options)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      await Promise.race([once(child.stdout, 'data'), ended]);
      child.kill('SIGKILL');
      await ended;
      const store = await DiskStore.open(directory, LIMITS);
      const found = await Promise.all(NAMES.map((name) => store.get(name)));
      // The first round was told of: from then on each entry is there, of one round or another.
      for (const bytes of found) {
        expect(bytes).toHaveLength(LENGTH);
        expect(bytes?.every((byte) => byte === bytes[0])).toBe(true);
      }
      await store.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
