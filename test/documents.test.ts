// The pages are whole: links lead somewhere, every error code has a line, every folder and every R stands in its page.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const text = (file: string) => readFile(join(root, file), 'utf8');
const names = async (folder: string, end: string) =>
  (await readdir(join(root, folder), { recursive: true }))
    .filter((name) => name.endsWith(end) && !name.includes('node_modules'))
    .map((name) => join(folder, name));

const pages = [
  ...['README.md', 'CHANGELOG.md', '.github/CONTRIBUTING.md', '.github/SECURITY.md'],
  ...(await Promise.all(['assembly', 'boards', 'host', 'test'].map((folder) => names(folder, '.md')))).flat(),
];

test.each(pages)('the links of %s lead to files that are there', async (page) => {
  const links = [...(await text(page)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = '']) =>
    join(dirname(page), link),
  );
  expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
});

test('every error code that the host layer raises has a line that says what to do, and no other has', async () => {
  const raised = new Set<string>();
  for (const file of await names('host', '.ts'))
    for (const [, code = ''] of (await text(file)).matchAll(
      /new \w*Error\(\s*(?:\d+,\s*)?'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)',/g,
    ))
      raised.add(code);
  const rows = (await text('host/ERRORS.md')).split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Z0-9_]+)`/g)].map(([, code]) => code),
  );
  expect([...raised].filter((code) => !told.includes(code)).sort()).toEqual([]);
  expect(new Set(told).size).toBe(told.length);
});

describe('a page names what is there:', () => {
  test('the folders of host/ and of host/services/', async () => {
    for (const folder of ['host', 'host/services', 'host/proxy', 'assembly', 'boards']) {
      const page = await text(`${folder}/README.md`);
      const entries = await readdir(join(root, folder), { withFileTypes: true });
      const folders = entries.filter((each) => each.isDirectory()).map(({ name }) => name);
      expect(folders.filter((name) => !page.includes(`\`${name}/\``))).toEqual([]);
    }
  });

  test('R1 to R28', async () => {
    const page = await text('test/README.md');
    for (let number = 1; number <= 28; number++)
      expect(page).toMatch(new RegExp(`^\\| R${number} +\\|`, 'm'));
  });
});
