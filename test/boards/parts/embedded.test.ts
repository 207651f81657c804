import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { embedded } from '../../../boards/parts/client.js';

test('what is linked in leads to where it lies, also after the checkout was moved', () => {
  const bytes = Buffer.from('bytes of this test alone');
  const file = embedded('embeddedTest', bytes);
  const text = readFileSync(file, 'utf8');
  const copy = /\.incbin "(.*)"/.exec(text)![1]!;
  expect(readFileSync(copy).equals(bytes)).toBe(true);
  expect(text).toContain(`.long ${bytes.length}`);
  writeFileSync(file, text.replace(copy, '/where/it/was.bin'));
  expect(embedded('embeddedTest', bytes)).toBe(file);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
