// wasm2c's C, as its users find it: every function by its name, and wasm2c's own words where it can't.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingTranslator, translate } from '../../../boards/aot/translate.js';

const missing = missingTranslator();
const wasm = join(process.cwd(), 'build/record.wasm');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deputy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(missing !== undefined)(`wasm into C${missing ? ` (${missing})` : ''}`, () => {
  test('each function that the program exports has its symbol in the C', async () => {
    const { functions, source, header, instance } = translate(wasm, folder, 'record');
    const module = new WebAssembly.Module(await readFile(wasm));
    const names = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function');
    expect([...functions.keys()].sort()).toEqual(names.map(({ name }) => name).sort());
    expect(functions.get('allocate')).toEqual({
      symbol: 'Z_recordZ_allocate',
      parameters: ['u32'],
      result: 'u32',
    });
    const text = await readFile(source, 'utf8');
    for (const { symbol } of functions.values()) expect(text).toContain(` ${symbol}(`);
    expect(await readFile(header, 'utf8')).toContain(`} ${instance};`);
  });

  test('a file that is no program is refused in the words of wasm2c', async () => {
    const bad = join(folder, 'bad.wasm');
    await writeFile(bad, 'no wasm');
    expect(() => translate(bad, folder, 'bad')).toThrow(/bad magic value/);
  });

  test('a name that is no identifier is refused before anything is written', () => {
    expect(() => translate(wasm, folder, '../record')).toThrow("'../record' can't begin");
  });
});
