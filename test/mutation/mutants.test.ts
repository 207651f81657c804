// The changes that `npm run mutate` makes: each kind of them, and that all of their tests are there.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutantsOf } from './mutants.js';
import { survivors } from './survivors.js';
import { targets } from './targets.js';

const changes = (source: string) =>
  mutantsOf('x.ts', source).map(({ start, end, text }) => source.slice(0, start) + text + source.slice(end));

test.each([
  ['if (a < b) f();', ['if (true) f();', 'if (false) f();', 'if (a <= b) f();', 'if (a < b) ;']],
  ['const x = a && b;', ['const x = a || b;']],
  ['const x = !a;', ['const x = a;']],
  ['const x = [a, b];', ['const x = [b];', 'const x = [a];']],
  [
    `const key = \`\${host} \${name}\`;`,
    [`const key = \`\${''} \${name}\`;`, `const key = \`\${host} \${''}\`;`],
  ],
  [`throw new Error(\`\${a} is wrong\`);`, [';']],
  ['const x: true = f(true);', ['const x: true = f(false);']],
  ["import a from 'b';\ninterface A { b: 1 }", []],
])('%s', (source, expected) => {
  expect(changes(source)).toEqual(expected);
});

test('every target and every test of it is there', () => {
  const files = targets.flatMap(({ file, tests }) => [file, ...tests]);
  expect(files.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
});

test('every survivor has a reason, and a target', () => {
  for (const [file, reasons] of Object.entries(survivors)) {
    expect(targets.map((target) => target.file)).toContain(file);
    for (const reason of Object.values(reasons)) expect(reason.length).toBeGreaterThan(20);
  }
});
