import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DeputyError } from '../../../host/delegation/error.js';
import { gazette, Pair, Twin } from '../client/browsing.js';
import { Device, keepShot } from '../client/device.js';
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
      const device = new Device(linux.firmware!, args);
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

    test('explains on its screen why a page can not be shown, and ends with status 1', async () => {
      const { page, proxy, sent } = await gazette(here);
      const elsewhere = page.replace('localhost', 'elsewhere.example');
      const args = ['browse', elsewhere, ...here.admit(proxy), '--grant', 'none', '--timeout', '5'];
      const device = new Device(linux.firmware!, args);
      try {
        await expect
          .poll(() => /^deputy: (.*) \((\w+)\)$/m.exec(device.said), { timeout: 20_000 })
          .toBeTruthy();
        const [, message, code] = /^deputy: (.*) \((\w+)\)$/m.exec(device.said)!;
        const twin = new Twin(
          new Map<string, Buffer | Error>([...sent, [elsewhere, new DeputyError(code!, message!)]]),
        );
        await twin.open(elsewhere);
        await new Pair(device, twin).same('explained');
        await keepShot(device, 'linux-explained');
        await device.press('quit');
        expect(await device.ends()).toBe(1);
      } finally {
        device.close();
      }
    });

    test('survives pictures that are broken in many ways', async () => {
      const grey = { width: 60, height: 40, channels: 3, background: '#808080' } as const;
      const noise = { ...grey, noise: { type: 'gaussian', mean: 128, sigma: 40 } } as const;
      const whole = await Promise.all([
        sharp({ create: noise }).png().toBuffer(),
        sharp({ create: noise }).png({ palette: true, colours: 16 }).toBuffer(),
        sharp({ create: grey }).png({ progressive: true }).toBuffer(),
        sharp({ create: noise }).jpeg().toBuffer(),
        sharp({ create: noise }).jpeg({ mozjpeg: true }).toBuffer(),
        sharp({ create: noise }).toColourspace('cmyk').jpeg().toBuffer(),
        sharp({ create: { ...grey, width: 2000 } })
          .png()
          .toBuffer(),
        sharp({ create: { ...grey, height: 2000 } })
          .jpeg()
          .toBuffer(),
      ]);
      // A fixed sequence (Park and Miller, 1988), so that a failure comes again.
      let state = 42;
      const random = (below: number) => {
        state = (state * 48271) % 0x7fffffff;
        return state % below;
      };
      const broken = Array.from({ length: 150 }, (_, i) => {
        const bytes = Buffer.from(whole[i % whole.length]!);
        for (let n = random(6); n >= 0; n--) bytes[random(bytes.length)] = random(256);
        return random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
      });
      const body = [...whole, ...broken]
        .map((bytes) => `<img alt="x" src="data:image/x;base64,${bytes.toString('base64')}">`)
        .join('\n');
      const origin = await here.world.origin((_, response) => {
        response.writeHead(200, { 'Content-Type': 'text/html' }).end(body);
      });
      const proxy = await here.world.proxy();
      const device = new Device(linux.firmware!, ['browse', `${origin.url}/`, ...here.admit(proxy)]);
      try {
        await device.hears(`deputy: shows ${origin.url}/`);
        for (let i = 0; i < 12; i++) await device.press('down');
        await device.press('quit');
        expect(await device.ends()).toBe(0);
      } finally {
        device.close();
      }
    });
  },
);
