// Every "never" of the house, over TypeScript, JavaScript, C and headers; and for each a planted violation, in a copy of
// the house, that the rule finds.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type House, RULES, readHouse } from './house/rules.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const TIME = 300_000;
let house: House;
let copy: string;

beforeAll(async () => {
  house = await readHouse(root);
  copy = await mkdtemp(join(tmpdir(), 'deputy-house-'));
  for (const folder of ['assembly', 'host', 'boards'])
    await cp(join(root, folder), join(copy, folder), { recursive: true });
}, TIME);
afterAll(() => rm(copy, { recursive: true, force: true }));

describe('never', () => {
  test.each(RULES.map((rule) => [rule.never, rule] as const))(
    '%s',
    async (_, rule) => expect(await rule.violations(house)).toEqual([]),
    TIME,
  );
});

type Planted = Readonly<Record<string, string>>;

/** By rule: files that break it, one set after the other. */
const PLANTED: Readonly<Record<string, readonly Planted[]>> = {
  'a circle of imports, types included': [
    {
      'host/delegation/planted_a.ts':
        "import type { B } from './planted_b.js';\nexport interface A { b: B }\n",
      'host/delegation/planted_b.ts':
        "import type { A } from './planted_a.js';\nexport interface B { a: A }\n",
    },
    {
      'boards/common/planted_a.h': '#include "planted_b.h"\n',
      'boards/common/planted_b.h': '#include "planted_a.h"\n',
    },
  ],
  'the ground, the protocol or the client importing Node.js or the proxy': [
    { 'host/client/planted.ts': "import { readFile } from 'node:fs/promises';\n" },
    { 'host/delegation/planted.ts': "export * from '../proxy/options.js';\n" },
    { 'host/tls/planted.ts': "const load = () => import('node:tls');\n" },
  ],
  'the device program importing anything outside itself': [
    { 'assembly/hash/planted.ts': "import { HANDHELD } from '../../host/delegation/device.js';\n" },
  ],
  'a service importing another service or the proxy': [
    { 'host/services/compress/planted.ts': "import { cache } from '../cache/index.js';\n" },
    { 'host/services/compress/planted.ts': "import { createProxy } from '../../proxy/proxy.js';\n" },
  ],
  'the proxy importing a concrete service, the client or the command': [
    { 'host/proxy/planted.ts': "import { cache } from '../services/cache/index.js';\n" },
    { 'host/proxy/exchange/planted.ts': "import { Client } from '../../client/client.js';\n" },
  ],
  'anything but the command and its workers importing the operator': [
    { 'host/proxy/planted.ts': "import { operatorServer } from '../operator/server.js';\n" },
  ],
  "a board's folder reaching into another's": [
    { 'boards/palm-tungsten-e/planted.ts': "export { cpu } from '../mps2-an500/board.js';\n" },
    { 'boards/palm-tungsten-e/planted.mjs': "const file = 'boards/mps2-an500/start.c';\n" },
    { 'boards/linux/planted.c': '#include "../palm-tungsten-e/serial_port.h"\n' },
    { 'boards/linux/planted.h': '#include "../riscv32-virt/serial_port.h"\n' },
  ],
  'a wire number of TLS outside host/tls and assembly': [
    { 'host/proxy/planted.ts': 'const TLS_1_2 = 0x0303;\n' },
    { 'host/client/planted.ts': 'export const isOld = (version: number) => version < 0x0304;\n' },
    { 'host/client/planted.ts': 'export const suites = {\n  aes128Gcm: 0x1301,\n};\n' },
  ],
  'a grammar of HTTP heads outside host/http': [
    { 'host/proxy/planted.ts': 'const line = /^HTTP\\/1\\.([01]) (\\d{3})/;\n' },
  ],
};

describe('a planted violation is found:', () => {
  const cases = Object.entries(PLANTED).flatMap(([name, sets]) =>
    sets.map((files) => [name, files] as const),
  );

  test.each(cases)(
    '%s %j',
    async (name, files) => {
      for (const [file, text] of Object.entries(files)) await plant(copy, file, text);
      try {
        const rule = RULES.find(({ never }) => never === name);
        const violations = (await rule?.violations(await readHouse(copy))) ?? [];
        expect(violations.filter((each) => each.includes('planted'))).not.toEqual([]);
      } finally {
        for (const file of Object.keys(files)) await rm(join(copy, file));
      }
    },
    TIME,
  );

  test("a class assigning another class's field", async () => {
    const small = join(copy, 'small');
    await plant(
      small,
      'tsconfig.build.json',
      '{ "compilerOptions": { "strict": true }, "include": ["host"] }',
    );
    const classes = 'class A { count = 0; }\nclass B extends A { own() { this.count = 1; } }\n';
    await plant(
      small,
      'host/right.ts',
      `${classes}class C { n = 0; own() { this.n++; } }\nexport { B, C };\n`,
    );
    const rule = RULES.at(-1);
    expect(await rule?.violations({ root: small, files: [], imports: [] })).toEqual([]);
    await plant(small, 'host/wrong.ts', `${classes}export class D { take(b: B) { b.count += 1; } }\n`);
    expect(await rule?.violations({ root: small, files: [], imports: [] })).toEqual([
      'host/wrong.ts: D writes count of B',
    ]);
  }, 300_000);

  test('each rule has one', () => {
    const rules = RULES.map(({ never }) => never).filter((name) => !name.startsWith('a class'));
    expect(Object.keys(PLANTED).sort()).toEqual(rules.sort());
  });
});

async function plant(folder: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}
