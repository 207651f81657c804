// A picture, scaled to the device's screen and colour depth and encoded in a format that it reads.
import type { Metadata, Sharp } from 'sharp';
import { ditherGrey } from './dither.js';
import { encodeGreyPng } from './grey_png.js';
import { encodeWbmp } from './wbmp.js';

export interface Screen {
  /** Pixels. */
  width: number;
  height: number;
  /** Bits per pixel; 1 to 8 without colour are greys. */
  depth: number;
  colour: boolean;
}

export interface Picture {
  type: string;
  bytes: Uint8Array;
  width: number;
  height: number;
}

export class PictureError extends Error {
  readonly code = 'TRANSCODE_PICTURE';
}

/** Pixels that a picture may have before it is decoded: what a decompression bomb would exceed. */
const MAX_PIXELS = 40_000_000;
const SECONDS = 10;
/** Screens that a picture may be high, and the part of the room that it may fill for that. */
const MAX_SCREENS = 16;
const SHARE = 0.6;
/** Bytes that no handheld wants of one picture. */
const MAX_RESULT = 4 << 20;
/** Pictures that are converted at once in this process; each may hold its pixels in memory. */
const MAX_AT_ONCE = 4;

/**
 * Re-encodes `source` for `screen`, in that of `formats` (the MIME types that the device reads) which takes the fewest
 * bytes. A picture is as wide as the screen at most; one that is tall is cut off where `room` bytes end. Throws PictureError where the source is no picture, too large, or no format is made here.
 */
export async function fitPicture(
  source: Uint8Array,
  screen: Screen,
  formats: readonly string[],
  room: number,
): Promise<Picture> {
  const wanted = formatsFor(screen, formats);
  if (wanted.length === 0) throw new PictureError('the device reads no picture format that is made here');
  return inTurn(async () => {
    try {
      return await convert(source, screen, wanted, room);
    } catch (error) {
      throw new PictureError(`the picture can't be converted: ${(error as Error).message.split('\n')[0]}`);
    }
  });
}

/** Whether the device reads the format of `source`, and has room for its pixels. Throws PictureError. */
export async function compare(
  source: Uint8Array,
  screen: Screen,
  formats: readonly string[],
): Promise<{ isRead: boolean; isInside: boolean }> {
  return inTurn(async () => {
    try {
      const { format, width, height, pages = 1 } = await (await open(source)).metadata();
      const isRead = formats.includes(`image/${format}`) && pages === 1;
      return { isRead, isInside: width <= screen.width && height <= 2 * screen.height };
    } catch (error) {
      throw new PictureError(`it is no picture: ${(error as Error).message.split('\n')[0]}`);
    }
  });
}

/** The library is large, and a proxy that makes no pictures does without it: it is loaded with the first one. */
const loadSharp = async () => (await import('sharp')).default;

const open = async (source: Uint8Array) =>
  (await loadSharp())(source, { limitInputPixels: MAX_PIXELS, failOn: 'error', animated: false });

async function convert(
  source: Uint8Array,
  screen: Screen,
  wanted: readonly string[],
  room: number,
): Promise<Picture> {
  const image = upperPart(
    (await open(source)).timeout({ seconds: SECONDS }).rotate(),
    await (await open(source)).metadata(),
    screen,
  ).resize({
    width: screen.width,
    withoutEnlargement: true,
  });
  const shaded = screen.colour ? image : image.flatten({ background: '#ffffff' }).grayscale();
  const { data, info } = await shaded.raw().toBuffer({ resolveWithObject: true });
  // A page is scrolled: a picture may be some screens high, and one that is higher loses its end before its width.
  const least = Math.min(info.height, 2 * screen.height);
  for (let height = Math.min(info.height, MAX_SCREENS * screen.height); ; ) {
    const pixels = { ...info, data: data.subarray(0, height * info.width * info.channels), height };
    const made = await smallest(pixels, screen, wanted);
    if (made.bytes.length <= Math.min(room * SHARE, MAX_RESULT)) return made;
    if (height > least) height = Math.max(least, Math.floor(height / 2));
    else if (made.bytes.length > MAX_RESULT) throw new PictureError('it stays too large');
    else return made;
  }
}

/** What is more than some screens high is not decoded for nothing. */
function upperPart(image: Sharp, { width, height, orientation = 1 }: Metadata, screen: Screen): Sharp {
  const [across, down] = orientation >= 5 ? [height, width] : [width, height];
  const rows = Math.ceil((MAX_SCREENS * screen.height * Math.max(across, screen.width)) / screen.width);
  return down <= rows ? image : image.extract({ left: 0, top: 0, width: across, height: rows });
}

async function smallest(pixels: Pixels, screen: Screen, wanted: readonly string[]): Promise<Picture> {
  const encoded: Picture[] = [];
  for (const type of wanted) encoded.push(await encode(type, pixels, screen));
  return encoded.reduce((best, next) => (next.bytes.length < best.bytes.length ? next : best));
}

interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
}

const palettes: ReadonlySet<string> = new Set(['image/png', 'image/gif', 'image/vnd.wap.wbmp']);
const made: ReadonlySet<string> = new Set([...palettes, 'image/jpeg', 'image/webp']);

/**
 * A shallow screen wants the palette formats, which hold no more colours than it can show; but a device that reads JPEG finds
 * its colours itself, and a photograph takes fewer bytes so. One bit a pixel is left of no JPEG.
 */
function formatsFor(screen: Screen, formats: readonly string[]): readonly string[] {
  const known = formats.filter((type) => made.has(type));
  const suits = (type: string) => palettes.has(type) || (type === 'image/jpeg' && screen.depth > 1);
  const shallow = screen.depth <= 8 ? known.filter(suits) : [];
  // One bit a pixel is a last resort on a screen that has more.
  const best = (shallow.length > 0 ? shallow : known).filter((type) => type !== 'image/vnd.wap.wbmp');
  return screen.depth > 1 && best.length > 0 ? best : shallow.length > 0 ? shallow : known;
}

async function encode(type: string, pixels: Pixels, screen: Screen): Promise<Picture> {
  const { width, height } = pixels;
  const bits = type === 'image/vnd.wap.wbmp' ? 1 : greyBits(screen);
  if (bits !== undefined && (type === 'image/vnd.wap.wbmp' || type === 'image/png')) {
    const levels = ditherGrey(await greyOf(pixels), width, height, bits);
    const bytes =
      type === 'image/png' ? encodeGreyPng(levels, width, height, bits) : encodeWbmp(levels, width, height);
    return { type, bytes, width, height };
  }
  const source =
    bits === undefined
      ? await imageOf(pixels)
      : await greyImage(await greyOf(pixels), pixels, palettes.has(type) ? bits : undefined);
  return { type, bytes: await encoders[type]!(source, screen).toBuffer(), width, height };
}

/** Greys of 8 bits need no dithering. */
const greyBits = ({ colour, depth }: Screen): 1 | 2 | 4 | undefined =>
  colour || depth > 4 ? undefined : depth === 1 ? 1 : depth < 4 ? 2 : 4;

const imageOf = async ({ data, width, height, channels }: Pixels) =>
  (await loadSharp())(data, { raw: { width, height, channels } });

/** Of a palette's `bits` dithered here, so that an encoder that only knows palettes finds no more than the screen's levels. */
async function greyImage(
  grey: Uint8Array,
  { width, height }: Pixels,
  bits: 1 | 2 | 4 | undefined,
): Promise<Sharp> {
  const raw = { width, height, channels: 1 } as const;
  const plain = (levels: Uint8Array) => loadSharp().then((sharp) => sharp(levels, { raw }));
  if (bits === undefined) return (await plain(grey)).toColourspace('b-w');
  const steps = (1 << bits) - 1;
  return plain(ditherGrey(grey, width, height, bits).map((level) => Math.round((level * 255) / steps)));
}

async function greyOf(pixels: Pixels): Promise<Uint8Array> {
  if (pixels.channels === 1) return pixels.data;
  return (await imageOf(pixels))
    .flatten({ background: '#ffffff' })
    .grayscale()
    .toColourspace('b-w')
    .raw()
    .toBuffer();
}

const encoders: Record<string, (image: Sharp, screen: Screen) => Sharp> = {
  'image/png': (image, screen) =>
    // A palette of 2^depth entries, dithered: what a screen of that depth can show, and no more bytes.
    screen.depth <= 8
      ? image.png({ palette: true, colours: Math.max(2, 2 ** screen.depth), dither: 1, compressionLevel: 9 })
      : image.png({ compressionLevel: 9 }),
  'image/jpeg': (image) => image.flatten({ background: '#ffffff' }).jpeg({ quality: 60, mozjpeg: true }),
  'image/webp': (image) => image.webp({ quality: 60 }),
  'image/gif': (image, screen) =>
    image.gif({ colours: Math.min(256, Math.max(2, 2 ** screen.depth)), dither: greyBits(screen) ? 0 : 1 }),
};

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await work();
  } finally {
    // The place goes to the request that has waited longest.
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
