import { expect, test, vi } from 'vitest';
import { findAddon, loadProgram } from '../../../../host/platform/node/programs.js';

const absent = '/nonexistent/wasm3.node';

test('without the addon V8 runs the program, and one line says so', async () => {
  vi.stubEnv('DEPUTY_WASM3', absent);
  const lines: string[] = [];
  const program = await loadProgram({ notice: (line) => lines.push(line) });
  expect(program.engine).toBe('v8');
  expect(lines).toEqual([
    expect.stringMatching(/^wasm3 is not available \(.*\), running on V8: .*build:wasm3$/),
  ]);
  expect(lines[0]).not.toContain('\n');
  vi.unstubAllEnvs();
});

test('V8 on request says nothing', async () => {
  const program = await loadProgram({ engine: 'v8', notice: () => expect.unreachable() });
  expect(program.engine).toBe('v8');
  program.close();
  expect(program.memory().every((byte) => byte === 0)).toBe(true);
});

// Skipped where no C compiler built the addon.
test.skipIf('reason' in findAddon())('wasm3 is the engine where its addon was built', async () => {
  const program = await loadProgram({ notice: () => expect.unreachable() });
  expect(program.engine).toBe('wasm3');
  const pointer = program.exports.allocate!(64);
  program.memory().set([1, 2, 3], pointer);
  expect([...program.memory().subarray(pointer, pointer + 4)]).toEqual([1, 2, 3, 0]);
  program.close();
  expect(() => program.exports.allocate!(64)).toThrow('this wasm program was closed');
});
