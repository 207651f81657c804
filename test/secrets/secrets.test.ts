// No branch and no address depends on a secret: memcheck follows the secrets of every primitive that claims constant time, in
// the program as C (what boards compile ahead of time) and under wasm3's own operations (what they interpret).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Case, cases, leaky } from './cases.js';
import { Script } from './script.js';
import { buildDrivers, type Drivers, missingTools, type Watched, watch } from './watch.js';

const missing = await missingTools();
const all: [string, Case['run']][] = [
  ...Object.entries(cases).map(([name, { run }]): [string, Case['run']] => [name, run]),
  ...Object.entries(leaky),
];
const names = all.map(([name]) => name);

const script = new Script();
for (const [name, run] of all) run(script.case(name));

describe.skipIf(missing !== undefined)(
  `secrets under memcheck${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 300_000 },
  () => {
    let folder: string;
    let drivers: Drivers;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'deputy-'));
      drivers = await buildDrivers(process.cwd(), folder);
    }, 300_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const run = (engine: keyof Drivers): Promise<Watched> =>
      watch(drivers[engine], script.text(), names, folder);

    test.each(['compiled', 'interpreted'] as const)(
      'nothing shows but what is meant to, %s',
      async (engine) => {
        const { errors } = await run(engine);
        const told = Object.keys(cases).filter((name) => errors.get(name) !== 0);
        const meant = Object.keys(cases).filter((name) => cases[name]?.shows !== undefined);
        expect(told).toEqual(meant);
        for (const name of Object.keys(leaky)) expect(errors.get(name), name).toBeGreaterThan(0);
      },
    );

    test('what shows is decided where the list of reasons says', async () => {
      const { functions } = await run('compiled');
      const found = Object.keys(cases).flatMap((name) => [...(functions.get(name) ?? [])]);
      const meant = new Set(Object.values(cases).flatMap(({ shows }) => Object.keys(shows ?? {})));
      const last = (name: string) => name.slice(name.lastIndexOf('_') + 1);
      expect(new Set(found.map(last))).toEqual(meant);
      expect([...(functions.get('planted-lookup') ?? [])].map(last)).toEqual(['plantedLookup']);
    });
  },
);
