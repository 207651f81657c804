import { describe, expect, test } from 'vitest';
import { gazette, Pair, Twin } from '../client/browsing.js';
import { keepShot, ProgramDevice } from '../client/device.js';
import { firmware } from '../client/firmware.js';
import { setting } from '../client/setting.js';

// Memory errors and leaks in drawing and decoding end the program with a status of their own.
const linux = await firmware('linux', { sanitize: true });

describe.skipIf(linux.reason)(
  `the browser as a program of this machine, sanitized${linux.reason ? ` (skipped: ${linux.reason})` : ''}`,
  { timeout: 120_000 },
  () => {
    const here = setting();

    test('shows a page of two origins with its pictures, scrolls, follows a link and comes back', async () => {
      const { page, second, proxy, sent } = await gazette(here);
      const args = ['browse', page, ...here.admit(proxy), '--allow-tunnel', '*'];
      const device = new ProgramDevice(linux.firmware!, args);
      try {
        await device.hears(`deputy: shows ${page}`);
        expect(`${sent.get(page)}`.match(/src="data:image/g)).toHaveLength(2);
        const twin = new Twin(sent);
        await twin.open(page);
        const pair = new Pair(device, twin);
        const first = await pair.same('first');
        await keepShot(device, 'linux-first');
        for (const key of ['down', 'down', 'up', 'up'] as const) await pair.press(key);
        expect(await pair.same('again')).toEqual(first);
        await pair.press('right');
        await device.press('select');
        await device.hears(`deputy: shows ${second}`);
        await twin.press('select', 2);
        await pair.same('second');
        await device.press('back');
        await device.hears(`deputy: shows ${page}`, 2);
        await twin.press('back', 3);
        await pair.same('back');
        await device.press('quit');
        expect(await device.ends()).toBe(0);
      } finally {
        device.close();
      }
    });
  },
);
