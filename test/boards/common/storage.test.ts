// What a board keeps over a restart: each call here is a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const boards = fileURLToPath(new URL('../../../boards', import.meta.url));
const compiler = process.env.CC ?? 'gcc';
const isThere = spawnSync(compiler, ['--version']).status === 0;

describe.skipIf(!isThere)(`storage in a folder${isThere ? '' : ` (skipped: no ${compiler})`}`, () => {
  let folder: string;
  let program: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deputy-storage-'));
    program = join(folder, 'keep');
    const files = [
      fileURLToPath(new URL('c/keep.c', import.meta.url)),
      ...['posix/storage.c', 'posix/system.c'].map((file) => join(boards, 'common', file)),
    ];
    const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined', '-g'];
    const built = spawnSync(compiler, [...flags, `-I${join(boards, 'common')}`, ...files, '-o', program]);
    expect(`${built.stderr}`).toBe('');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (store: string | undefined, ...words: string[]) => {
    const { DEPUTY_STORE: _, ...env } = process.env;
    const { status, stdout } = spawnSync(program, words, {
      env: { ...env, ...(store !== undefined && { DEPUTY_STORE: store }) },
      encoding: 'utf8',
    });
    return { status, stdout };
  };

  test('keeps one thing a key, whole, for this user alone, until it is forgotten', () => {
    const store = mkdtempSync(join(folder, 'store-'));
    expect(run(store, 'tickets').status).toBe(4);
    for (const text of ['first', 'a longer second', '3']) {
      expect(run(store, 'tickets', text).status).toBe(0);
      expect(run(store, 'tickets')).toEqual({ status: 0, stdout: text });
    }
    expect(run(store, 'counter', '7').status).toBe(0);
    expect(readdirSync(store).sort()).toEqual(['counter', 'tickets']);
    expect(statSync(join(store, 'tickets')).mode & 0o777).toBe(0o600);
    for (let i = 0; i < 2; i++) expect(run(store, 'tickets', '').status).toBe(0);
    expect(run(store, 'tickets').status).toBe(4);
    expect(run(store, 'counter').stdout).toBe('7');
  });

  test('says so where nothing is kept', () => {
    for (const store of [undefined, '', join(folder, 'none')]) {
      expect(run(store, 'tickets', 'x').status).toBe(3);
      expect(run(store, 'tickets').status).toBe(4);
    }
  });
});
