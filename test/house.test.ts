// The folders and who may import whom: the arrows that keep the device program, the client and the services apart.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const importPattern =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;

interface Import {
  file: string;
  /** Path from the root for a relative import, the bare specifier otherwise. */
  target: string;
}

async function importsBelow(folder: string): Promise<Import[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  const found: Import[] = [];
  for (const name of names.filter((name) => name.endsWith('.ts'))) {
    const file = join(folder, name);
    const text = await readFile(join(root, file), 'utf8');
    for (const match of text.matchAll(importPattern)) {
      const specifier = match[1] ?? match[2]!;
      const target = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
      found.push({ file, target });
    }
  }
  return found;
}

/** Imports of `folder` that `allowed` does not accept, as readable lines. */
async function trespasses(
  folder: string,
  allowed: (target: string, file: string) => boolean,
): Promise<string[]> {
  const imports = await importsBelow(folder);
  return imports
    .filter(({ file, target }) => !allowed(target, file))
    .map((i) => `${i.file} imports ${i.target}`);
}

const below =
  (...folders: string[]) =>
  (target: string) =>
    folders.some((folder) => target.startsWith(`${folder}/`));

describe('nothing imports against the arrows of the house', () => {
  test('the device program imports nothing outside itself', async () => {
    expect(await trespasses('assembly', below('assembly'))).toEqual([]);
  });

  test('the delegation protocol imports nothing outside itself', async () => {
    expect(await trespasses('host/delegation', below('host/delegation'))).toEqual([]);
  });

  test('the client knows the protocol, the engine and the platform interface, and no Node module', async () => {
    const allowed = below('host/client', 'host/delegation', 'host/engine');
    expect(
      await trespasses('host/client', (target) => allowed(target) || target === 'host/platform/platform.js'),
    ).toEqual([]);
  });

  test('the engine runs on boards too, and imports no Node module', async () => {
    const allowed = (target: string) =>
      below('host/engine')(target) ||
      ['assembly/alert.js', '@assemblyscript/loader', 'host/delegation/grant.js'].includes(target);
    expect(await trespasses('host/engine', allowed)).toEqual([]);
  });

  test('a service imports no other service', async () => {
    const allowed = (target: string, file: string) => {
      const [, , own] = relative('.', file).split('/');
      if (!below('host/services')(target)) return true;
      // Files directly in the folder are the interface that all services share.
      return /^host\/services\/\w+\.js$/.test(target) || target.startsWith(`host/services/${own}/`);
    };
    const imports = await importsBelow('host/services');
    const inService = imports.filter(({ file }) => file.split('/').length > 3);
    expect(inService.filter(({ file, target }) => !allowed(target, file))).toEqual([]);
  });

  test('the proxy does not import the client, nor the client the proxy', async () => {
    expect(await trespasses('host/proxy', (target) => !below('host/client', 'host/cli')(target))).toEqual([]);
  });

  test('the operator sees the proxy from outside; nothing but the command and its workers knows it', async () => {
    const allowed = (target: string) =>
      below('host/operator', 'host/proxy', 'host/delegation')(target) || !target.startsWith('host/');
    expect(await trespasses('host/operator', allowed)).toEqual([]);
    const strangers = await trespasses(
      'host',
      (target, file) =>
        below('host/cli', 'host/operator', 'host/workers')(file) || !below('host/operator')(target),
    );
    expect(strangers).toEqual([]);
    const known = below('host/workers', 'host/operator', 'host/proxy', 'host/delegation');
    expect(
      await trespasses('host/workers', (target) => known(target) || !target.startsWith('host/')),
    ).toEqual([]);
    // The browser gets one script.
    expect(await trespasses('host/operator/page', (target) => target === 'host/operator/view.js')).toEqual(
      [],
    );
  });

  test("a board's folder reaches into no other board's", async () => {
    const shared = ['common', 'node', 'parts', 'bench'];
    const allowed = (target: string, file: string) => {
      const [, own] = file.split('/');
      const [top, other] = target.split('/');
      return top !== 'boards' || other === own || shared.includes(other!) || shared.includes(own!);
    };
    expect(await trespasses('boards', allowed)).toEqual([]);
  });
});

test('the import scanner sees what it must', async () => {
  const imports = await importsBelow('test');
  expect(
    imports.some(({ file, target }) => file === 'test/house.test.ts' && target === 'node:fs/promises'),
  ).toBe(true);
});
