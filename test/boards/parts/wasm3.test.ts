import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { patchedSources } from '../../../boards/parts/wasm3/patched.js';
import { hashSources, wasm3Pin, wasm3Sources } from '../../../boards/parts/wasm3.mjs';

const folder = mkdtempSync(join(tmpdir(), 'deputy-wasm3-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the sources are the pinned ones', () => {
  expect(hashSources(wasm3Sources(''))).toBe(wasm3Pin.sha256);
});

test('a checkout may stand in for them, at its root or in its source folder', () => {
  const checkout = join(folder, 'checkout');
  cpSync(wasm3Sources(''), join(checkout, 'source'), { recursive: true });
  expect(wasm3Sources(checkout)).toBe(join(checkout, 'source'));
  expect(wasm3Sources(join(checkout, 'source'))).toBe(join(checkout, 'source'));
  expect(() => wasm3Sources(folder)).toThrow('holds no m3_env.c');
});

test('the patch moves r0 before mem in every signature and call', () => {
  const patched = patchedSources(join(folder, 'patched'), wasm3Sources(''));
  const text = ['m3_exec_defs.h', 'm3_exec.h', 'm3_env.c'].map((name) =>
    readFileSync(join(patched, name), 'utf8'),
  );
  expect(text[0]).toContain('pc_t _pc, m3stack_t _sp, m3reg_t _r0, M3MemoryHeader * _mem');
  for (const file of text) expect(file).not.toMatch(/_mem, (_r0|d_m3OpDefaultArgs)|, d_m3OpDefaultArgs\)/);
});

test('the patch refuses sources that it does not fit', () => {
  const other = join(folder, 'other');
  cpSync(wasm3Sources(''), other, { recursive: true });
  writeFileSync(join(other, 'm3_exec.h'), '');
  expect(() => patchedSources(join(folder, 'never'), other)).toThrow(
    "the patch expects '_mem, d_m3OpDefaultArgs' 2 times in m3_exec.h, found 0",
  );
});
