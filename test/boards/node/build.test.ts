import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../boards/node/build.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'deputy-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

const install = (env: Record<string, string>) =>
  spawnSync(process.execPath, [script], { encoding: 'utf8', env: { ...process.env, ...env } });

test('without a C compiler the installation succeeds and says so in one line', () => {
  const { status, stdout, stderr } = install({ CC: join(folder, 'absent') });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(
    'wasm3 was not built, Deputy will use V8 instead: no C compiler found (gcc, cc, clang or $CC)\n',
  );
});

test('a compiler that fails does not fail the installation', () => {
  const cc = join(folder, 'broken-cc');
  writeFileSync(
    cc,
    '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "x.c:1: error: no such thing" >&2\nexit 1\n',
    { mode: 0o755 },
  );
  const { status, stdout } = install({ CC: cc });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wasm3 was not built, Deputy will use V8 instead: .*error: no such thing\n$/);
});

test('sources that are absent do not fail it either', () => {
  const { status, stdout } = install({ WASM3_DIR: folder });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^wasm3 was not built, .*holds no m3_env\.c/);
});
