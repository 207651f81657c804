// What an installation brings along, counted in the lock file; main.ts beside this installs it for real.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

interface Locked {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
}

test('an installation brings at most 80 packages, and no React', async () => {
  const lock: Locked = JSON.parse(
    await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'),
  );
  // One machine gets one build of an optional package, and what that needs.
  const needed = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional,
  );
  expect(needed.length).toBeLessThanOrEqual(78);
  expect(needed.map(([path]) => path).filter((path) => /\/react/.test(path))).toEqual([]);
});
