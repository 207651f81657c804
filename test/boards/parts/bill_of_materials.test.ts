// Every part of a firmware and every package of an installation is named, with its version, hash and licence.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { billOfMaterials } from '../../../boards/parts/bill_of_materials.js';

const bill = billOfMaterials();
const names = bill.components.map(({ name }) => name);

describe('the bill of materials', () => {
  test('names what is compiled in', () => {
    for (const part of [
      'wasm3',
      'QuickJS',
      'lwIP',
      'zlib',
      'libpng',
      'libjpeg-turbo',
      'xfonts-100dpi/helvR10.pcf.gz',
    ])
      expect(names).toContain(part);
  });

  test.each(bill.components.map((component) => [component.name, component] as const))(
    '%s',
    (_, component) => {
      expect(component.version).toMatch(/^[\w.+-]+$/);
      const [hash] = component.hashes ?? [];
      expect(hash?.content).toMatch(
        { 'SHA-256': /^[0-9a-f]{64}$/, 'SHA-512': /^[0-9a-f]{128}$/ }[`${hash?.alg}`] ?? /^$/,
      );
      const [licence] = component.licenses;
      expect(JSON.stringify(licence)).not.toMatch(/NOASSERTION|undefined|""/);
    },
  );

  test('has every package that our users install, and no tool of ours', async () => {
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    for (const name of Object.keys(dependencies).filter((each) => each !== 'wasm3-source'))
      expect(names).toContain(name);
    expect(names).not.toContain('vitest');
  });

  test('refers to each component by a name of its own', () => {
    const references = bill.components.map((component) => component['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
  });

  test('is the same whenever it is made', () => {
    expect(JSON.stringify(billOfMaterials())).toBe(JSON.stringify(bill));
  });
});
