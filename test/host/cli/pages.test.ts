// Completion, manual page and messages come from the descriptions of the commands, and miss none.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { deputyCommand } from '../../../host/cli/command_line.js';
import { completionScript } from '../../../host/cli/completion.js';
import { describeCommand, flatten } from '../../../host/cli/described.js';
import { manualPage } from '../../../host/cli/manual.js';
import { nearest } from '../../../host/cli/suggestion.js';
import { buildCommand } from '../../interop/command.js';

const root = describeCommand(deputyCommand());

test('the manual page has every command and every option', () => {
  const page = manualPage(root, '1.2.3', '2026-12-01').replaceAll('\\-', '-');
  expect(page).toMatch(/^\.TH DEPUTY 1 2026-12-01 "deputy 1\.2\.3"/);
  for (const { name, options } of flatten(root).slice(1)) {
    expect(page).toContain(`.SS ${name}\n`);
    for (const { names } of options) expect(page).toContain(names.join(', '));
  }
  // No line begins by chance with what roff takes for a request.
  expect(
    page.split('\n').filter((line) => /^['.]/.test(line) && !/^\.(TH|SH|SS|TP|B|br)\b/.test(line)),
  ).toEqual([]);
});

describe('completion in bash', () => {
  const complete = (...words: string[]) => {
    const script = `${completionScript(root, 'bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _deputy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
      .trim()
      .split('\n');
  };

  test.each([
    [['deputy', 'key'], ['keylog']],
    [
      ['deputy', 'audit', ''],
      ['verify', 'show', 'har'],
    ],
    [
      ['deputy', 'get', '--allow'],
      ['--allow', '--allow-tunnel'],
    ],
    [
      ['deputy', 'get', 'https://a/', '--engine', ''],
      ['wasm3', 'v8'],
    ],
    [['deputy', 'proxy', '--log-format', 't'], ['text']],
    [['deputy', 'audit', 'verify', '--rec'], ['--receipts']],
  ])('%j gives %j', (words, found) => {
    expect(complete(...words)).toEqual(found);
  });
});

test('completion in fish and zsh names every command', () => {
  for (const shell of ['fish', 'zsh'] as const)
    for (const { name } of flatten(root).slice(1))
      expect(completionScript(root, shell)).toContain(name.split(' ').at(-1));
});

test.each([
  ['transcod', 'transcode'],
  ['SESSION', 'session'],
  ['tokenfile', 'token-file'],
  ['entirely-else', undefined],
])('%s may mean %s', (word, meant) => {
  expect(nearest(word, ['transcode', 'session', 'token-file'])).toBe(meant);
});

describe('the command', () => {
  const program = fileURLToPath(new URL('../../../dist/host/cli/deputy.js', import.meta.url));
  beforeAll(buildCommand);

  test('ends quietly where nobody reads on', () => {
    const script = 'exec 3>&1; { sleep 0.2; "$0" "$1" manual 2>&3; echo "code $?" >&3; } | true';
    const ran = spawnSync('bash', ['-c', script, process.execPath, program], { encoding: 'utf8' });
    expect(ran).toMatchObject({ stdout: 'code 0\n', stderr: '' });
  });

  test('says what may have been meant', () => {
    const deputy = (...args: string[]) =>
      spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect(deputy('gte')).toMatchObject({ status: 2, stderr: expect.stringContaining('Did you mean get?') });
    expect(deputy('get', 'https://a/', '--drect').stderr).toContain('Did you mean --direct?');
    expect(deputy('get', 'https://a/', '--grant', 'sesion').stderr).toContain("Did you mean 'session'?");
    expect(deputy('proxy', '--service', 'compres').stderr).toContain("Did you mean 'compress'?");
    expect(deputy('get', 'https://a/', '--device', 'pam').stderr).toContain("Did you mean 'palm'?");
  });
});
