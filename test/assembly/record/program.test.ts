import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';
import { CONTEXT, Direction } from './direction.js';
import { SUITES, Twin } from './twin_protection.js';

const wasm = await readFile(
  process.env.DEPUTY_RECORD ?? new URL('../../../build/record.wasm', import.meta.url),
);

describe('the record program', () => {
  test('imports nothing and takes at most 40 KiB', async () => {
    const module = await WebAssembly.compile(wasm);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(wasm.length).toBeLessThanOrEqual(40 * 1024);
  });

  test('takes and gives nothing but 32-bit integers', async () => {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    for (const [name, value] of Object.entries(instance.exports)) {
      if (value instanceof WebAssembly.Global) expect(typeof value.value, name).toBe('number');
      // A function of i64 would take bigints and refuse a number.
      if (name === 'recordSequence' || name === 'openedType') {
        expect(typeof (value as (context: number) => unknown)(1024), name).toBe('number');
      }
    }
    expect((instance.exports.PROTECTION_CONTEXT as WebAssembly.Global).value).toBe(CONTEXT);
  });

  test('needs one page of memory', async () => {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    expect((instance.exports.memory as WebAssembly.Memory).buffer.byteLength).toBe(65536);
  });
});

describe.each(await programs('record'))('the record program on %s', (_, bench) => {
  // What is small in this program alone is nowhere else tested against node:crypto.
  test.each(SUITES)('$name: opens what its twin sealed, and seals what its twin opens', (suite) => {
    const version = suite.versions.at(-1)!;
    const [sealing, opening] = [new Twin(suite, version), new Twin(suite, version)];
    const [sealer, opener] = [new Direction(bench, opening, 1), new Direction(bench, sealing, 0)];
    // From 1 on, as node:crypto's CCM takes nothing empty.
    for (const length of [1, 16, 100, 1000, 16384]) {
      const payload = randomBytes(length);
      expect(opener.open(sealing.seal(23, payload))).toEqual({ type: 23, payload });
      expect(opening.open(sealer.seal(23, payload) as Buffer)).toEqual({ type: 23, payload });
    }
    for (const end of [sealer, opener]) end.free();
  });
});
