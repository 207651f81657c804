// The page on the Palm's LCD, by its keys and by screenshots through QEMU's monitor.
import { describe, expect, test } from 'vitest';
import { gazette, Pair, Twin } from '../client/browsing.js';
import { Device, keepShot } from '../client/device.js';
import { firmware } from '../client/firmware.js';
import { setting } from '../client/setting.js';

const palm = await firmware('palm-tungsten-e');

describe.skipIf(palm.reason)(
  `the Palm's screen${palm.reason ? ` (skipped: ${palm.reason})` : ''}`,
  { timeout: 240_000 },
  () => {
    const here = setting();

    test('shows a page of two origins with its pictures, scrolls down and back, and follows a link', async () => {
      const { page, second, proxy, sent } = await gazette(here);
      const args = ['browse', page, ...here.admit(proxy), '--allow-tunnel', '*', '--measure'];
      const device = new Device(palm.firmware!, args);
      try {
        await device.hears(`deputy: shows ${page}`);
        expect(`${sent.get(page)}`.match(/src="data:image/g)).toHaveLength(2);
        const twin = new Twin(sent);
        await twin.open(page);
        const pair = new Pair(device, twin);
        const first = await pair.same('first');
        await keepShot(device, 'palm-first');
        await pair.press('down');
        await keepShot(device, 'palm-down');
        await pair.press('down');
        await keepShot(device, 'palm-further');
        await pair.press('up');
        await pair.press('up');
        expect(await pair.same('again')).toEqual(first);
        await pair.press('right');
        await device.press('select');
        await device.hears(`deputy: shows ${second}`);
        await twin.press('select', 2);
        await pair.same('second');
        await device.press('quit');
        expect(await device.ends()).toBe(0);
        console.log(device.said.match(/^(measure (shown|total)|memory) .*$/gm)?.join('\n'));
      } finally {
        device.close();
      }
    });
  },
);
