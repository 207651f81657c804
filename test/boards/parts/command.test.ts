// npm run board and its first words: a list, help, and what is wrong.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { boardNames, findBoard, missingTools } from '../../../boards/parts/boards.js';

const command = fileURLToPath(new URL('../../../boards/parts/command.ts', import.meta.url));
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', command, ...args], { encoding: 'utf8' });

test.each([[['--help']], ...boardNames().map((name) => [[name, '--help']])])('%j prints help', (args) => {
  const { status, stdout, stderr } = run(...args);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: npm run board -- list/);
});

test.each([
  ['nothing', [], 2, /^Usage: /],
  ['a board alone', ['linux'], 2, /^Usage: /],
  ['a board that is none', ['abacus', 'get', 'x'], 1, /^no board 'abacus'; there is linux, mps2-an500, /],
  ['a board without the client', ['netduinoplus2', 'get', 'x'], 1, /npm run bench -- --board netduinoplus2 /],
] as const)('%s is told what is wrong', isTold);

const absent = missingTools(await findBoard('mps2-an500'));
describe.skipIf(absent)(`a network${absent ? ` (skipped: ${absent})` : ''}`, () => {
  test.each([
    ['that is none', ['mps2-an500', '--loss', 'much', 'get', 'x'], 1, /^loss is a whole number/],
    [
      'without an address',
      ['mps2-an500', '--address', '10.0.0.1', 'get', 'x'],
      1,
      /^an address is ADDRESS\/BITS/,
    ],
    [
      'of this machine',
      ['linux', '--loss', '5', 'get', 'x'],
      1,
      /^the network of linux is this machine's own/,
    ],
  ] as const)('%s is told what is wrong', { timeout: 300_000 }, isTold);
});

function isTold(_: string, args: readonly string[], status: number, text: RegExp) {
  const result = run(...args);
  expect([result.status, result.stdout]).toEqual([status, '']);
  expect(result.stderr).toMatch(text);
}
