import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { partSources } from '../../../boards/parts/debian_source.js';
import { imageSize } from '../../../boards/parts/image.js';
import { patched } from '../../../boards/parts/patch.js';
import { quickjsPin } from '../../../boards/parts/quickjs.js';

const folder = mkdtempSync(join(tmpdir(), 'deputy-parts-'));
afterEach(() => {
  delete process.env.QUICKJS_DIR;
  rmSync(folder, { recursive: true, force: true });
});

describe('the sources of a part', () => {
  test('are a checkout where one is named, which must hold what is looked for', () => {
    process.env.QUICKJS_DIR = folder;
    expect(() => partSources(quickjsPin)).toThrow(`QUICKJS_DIR=${folder} holds no quickjs.c`);
  });

  test('say what else helps where they can not be had', () => {
    const part = { ...quickjsPin, package: 'no-package-has-this-name', sha256: '0'.repeat(64) };
    expect(() => partSources(part)).toThrow(/; or let QUICKJS_DIR name a checkout of QuickJS$/);
  });
});

test('a patch is refused where its text occurs more or less often than it says', () => {
  expect(patched('a b a', [['a', 'c', 2]], 'x.c')).toBe('c b c');
  expect(() => patched('a b a', [['a', 'c', 1]], 'x.c')).toThrow(
    "the patch expects 'a' 1 times in x.c, found 2",
  );
});

test('only an ELF file has the size of an image', () => {
  const { flash, ram } = imageSize(process.execPath);
  expect(flash).toBeGreaterThan(ram);
  expect(ram).toBeGreaterThan(0);
  const file = join(mkdtempSync(join(tmpdir(), 'deputy-parts-')), 'text');
  writeFileSync(file, 'text');
  expect(() => imageSize(file)).toThrow('is no ELF file');
});
