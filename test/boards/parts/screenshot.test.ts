// npm run board -- BOARD --screenshot FILE browse URL: the page as a picture, for people to look at.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { gazette, Twin } from '../client/browsing.js';
import { firmware } from '../client/firmware.js';
import { setting } from '../client/setting.js';
import { rgbOf } from '../common/screen/paper.js';

const command = fileURLToPath(new URL('../../../boards/parts/command.ts', import.meta.url));

async function run(args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, said, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { out, said, status };
}

for (const name of ['palm-tungsten-e', 'linux']) {
  const { reason } = await firmware(name);
  describe.skipIf(reason)(
    `a screenshot of ${name}${reason ? ` (skipped: ${reason})` : ''}`,
    { timeout: 120_000 },
    () => {
      const here = setting();

      test('is the page, pixel by pixel, as PNG', async () => {
        const { page, proxy, sent } = await gazette(here);
        const file = here.papers.path('page.png');
        const args = ['browse', page, ...here.admit(proxy), '--allow-tunnel', '*'];
        const { status, said } = await run([name, '--screenshot', file, ...args]);
        expect([status, said]).toEqual([0, `deputy: shows ${page}\n`]);
        const twin = new Twin(sent);
        await twin.open(page);
        const { data, info } = await sharp(readFileSync(file))
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        expect([info.format, info.width, info.height, info.channels]).toEqual(['raw', 320, 320, 3]);
        expect(readFileSync(file).toString('latin1', 1, 4)).toBe('PNG');
        expect(data.equals(rgbOf(twin.paper.pixels))).toBe(true);
      });

      test('shows why there is no page, with status 1', async () => {
        const { page, proxy } = await gazette(here);
        const file = here.papers.path('nothing.png');
        const elsewhere = page.replace(/:\d+/, ':1');
        const { status, said } = await run([
          name,
          '--screenshot',
          file,
          'browse',
          elsewhere,
          ...here.admit(proxy),
        ]);
        expect(status).toBe(1);
        expect(said).toMatch(/^deputy: .* \([A-Z_]+\)\ndeputy: shows why there is no page\n$/);
        const { dominant } = await sharp(file).stats();
        // Paper, not ink.
        expect(dominant.r).toBeGreaterThan(200);
      });

      test('is not made where the browser does not start', async () => {
        const file = here.papers.path('none.png');
        const { status, said } = await run([
          name,
          '--screenshot',
          file,
          'browse',
          'gopher://localhost/',
          '--direct',
        ]);
        expect(status).toBe(2);
        expect(said).toContain('(USAGE)');
        expect(() => readFileSync(file)).toThrow('ENOENT');
      });
    },
  );
}

test('a screenshot of what has no screen is refused', async () => {
  const { status, said } = await run(['linux', '--screenshot', 'x.png', 'get', 'https://localhost/']);
  expect([status, said]).toEqual([1, '--screenshot goes with browse\n']);
});
