// Pictures for small screens: dithered greys, wireless bitmaps, and pictures that the device asks for itself.
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  type DeviceProfile,
  FEATURE_PHONE,
  HANDHELD,
  PAGER,
  PALM,
  WAP_PHONE,
} from '../../../../host/delegation/device.js';
import { ditherGrey } from '../../../../host/services/transcode/pictures/dither.js';
import { encodeGreyPng } from '../../../../host/services/transcode/pictures/grey_png.js';
import { encodeWbmp } from '../../../../host/services/transcode/pictures/wbmp.js';
import { run } from './run.js';

const BITS = [1, 2, 4] as const;
const ramp = (width: number, height: number) =>
  Uint8Array.from({ length: width * height }, (_, i) => Math.round(((i % width) * 255) / (width - 1)));

/** From black to white by way of a colour. */
const photo = (width: number, height: number) =>
  sharp(
    Buffer.from(Array.from(ramp(width, height), (value) => [value, value, (value * value) / 255]).flat()),
    {
      raw: { width, height, channels: 3 },
    },
  );

describe('dithering', () => {
  test.each(BITS)('%i bits keep the brightness of areas', (bits) => {
    const levels = ditherGrey(ramp(256, 64), 256, 64, bits);
    expect(Math.max(...levels)).toBe(2 ** bits - 1);
    for (let from = 0; from < 256; from += 32) {
      let sum = 0;
      for (let y = 0; y < 64; y++) for (let x = from; x < from + 32; x++) sum += levels[y * 256 + x]!;
      const mean = (sum * 255) / (2 ** bits - 1) / (32 * 64);
      expect(Math.abs(mean - (from + 15.5))).toBeLessThan(4);
    }
  });

  test.each(BITS)('a PNG of %i bits holds just those levels, at any width', async (bits) => {
    for (const width of [1, 3, 7, 8, 9, 33]) {
      const levels = Uint8Array.from({ length: width * 5 }, (_, i) => (i * 7) % 2 ** bits);
      const png = encodeGreyPng(levels, width, 5, bits);
      expect(png[24]).toBe(bits);
      const { data, info } = await sharp(png)
        .toColourspace('b-w')
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, info.channels]).toEqual([width, 5, 1]);
      expect([...data]).toEqual([...levels].map((level) => Math.round((level * 255) / (2 ** bits - 1))));
    }
  });
});

test('a wireless bitmap has its sizes in seven bits a byte, and rows of whole bytes', () => {
  expect([...encodeWbmp(Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 1, 0, 1), 10, 1)]).toEqual([
    0, 0, 10, 1, 0b10111111, 0b01000000,
  ]);
  const wide = encodeWbmp(new Uint8Array(300 * 2).fill(1), 300, 2);
  expect([...wide.subarray(0, 5)]).toEqual([0, 0, 0x82, 0x2c, 2]);
  expect(wide.length).toBe(5 + 2 * 38);
});

const asked = (type: string, body: Uint8Array, profile: DeviceProfile) =>
  run({
    headers: [
      ['Content-Type', type],
      ['ETag', '"1"'],
      ['Content-Length', String(body.length)],
    ],
    body,
    profile,
  });

describe('a picture that the device asks for', () => {
  test('becomes a wireless bitmap for a WAP phone', async () => {
    const { bytes, headers } = await asked('image/jpeg', await photo(400, 300).jpeg().toBuffer(), WAP_PHONE);
    expect([...headers]).toEqual([
      ['Content-Type', 'image/vnd.wap.wbmp'],
      ['ETag', 'W/"1"'],
      ['Accept-Ranges', 'none'],
    ]);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 96, 72]);
    expect(bytes.length).toBe(4 + 12 * 72);
  });

  test.each([
    ['16 greys for a Palm', PALM, 16],
    ['4 greys', { ...PALM, colourDepth: 2 }, 4],
    ['4 greys as GIF', { ...PALM, colourDepth: 2, pictures: ['image/gif'] }, 4],
    ['2 greys as GIF', { ...PALM, colourDepth: 1, pictures: ['image/gif'] }, 2],
  ])('becomes %s', async (_, profile, shades) => {
    const { bytes } = await asked('image/png', await photo(320, 200).png().toBuffer(), profile);
    const { data, info } = await sharp(bytes)
      .removeAlpha()
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([160, 100]);
    expect(new Set(data).size).toBe(shades);
  });

  test('becomes the smallest of what a phone in colour reads', async () => {
    const { bytes, headers } = await asked(
      'image/png',
      await photo(600, 300).png().toBuffer(),
      FEATURE_PHONE,
    );
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 240, height: 120 });
    expect(FEATURE_PHONE.pictures).toContain(headers.get('content-type'));
  });

  test.each([
    ['fits already', 'image/jpeg', () => photo(100, 80).jpeg().toBuffer(), FEATURE_PHONE],
    [
      'fits already and would grow',
      'image/png',
      () => photo(1, 1).png({ palette: true }).toBuffer(),
      HANDHELD,
    ],
    ['is none', 'image/png', async () => Buffer.from('no picture'), PALM],
    [
      'is cut short',
      'image/png',
      async () => (await photo(300, 300).png().toBuffer()).subarray(0, 200),
      PALM,
    ],
    ['is too large', 'image/png', async () => Buffer.alloc(9 << 20, 7), PALM],
    ['no screen shows', 'image/png', () => photo(300, 300).png().toBuffer(), PAGER],
  ] as [string, string, () => Promise<Buffer>, DeviceProfile][])(
    'stays as it is where it %s',
    async (_, type, make, profile) => {
      const body = await make();
      const { bytes, headers } = await asked(type, body, profile);
      expect(bytes.equals(body)).toBe(true);
      expect(headers.get('content-type')).toBe(type);
      expect(headers.get('content-length')).toBe(String(body.length));
    },
  );

  test('of more pixels than memory should hold stays as it is', async () => {
    const bomb = await sharp({ create: { width: 16_000, height: 16_000, channels: 3, background: '#000' } })
      .png({ compressionLevel: 9, palette: true })
      .toBuffer();
    expect(bomb.length).toBeLessThan(1 << 20);
    const { bytes } = await asked('image/png', bomb, PALM);
    expect(bytes.equals(bomb)).toBe(true);
  });
});
