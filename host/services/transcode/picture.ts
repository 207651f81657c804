// A picture, scaled to the device's screen and colour depth and encoded in a format that it reads.
import sharp, { type Sharp } from 'sharp';

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

/**
 * Re-encodes `source` for `screen`, in that of `formats` (the MIME types that the device reads) which takes the fewest
 * bytes. Throws PictureError where the source is no picture, too large, or no format is made here.
 */
export async function fitPicture(
  source: Uint8Array,
  screen: Screen,
  formats: readonly string[],
): Promise<Picture> {
  const made = formats.filter((type) => encoders[type] !== undefined);
  // A shallow screen wants the palette formats: the others would hold more colours than it can show.
  const shallow = screen.depth <= 8 ? made.filter((type) => palettes.has(type)) : [];
  const wanted = shallow.length > 0 ? shallow : made;
  if (wanted.length === 0) throw new PictureError('the device reads no picture format that is made here');
  try {
    const image = sharp(source, { limitInputPixels: MAX_PIXELS, failOn: 'error', animated: false })
      .timeout({ seconds: SECONDS })
      .rotate()
      .resize({
        width: screen.width,
        height: screen.height * 2,
        fit: 'inside',
        withoutEnlargement: true,
      });
    const shaded = screen.colour ? image : image.flatten({ background: '#ffffff' }).grayscale();
    const { data, info } = await shaded.raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixels = () => sharp(data, { raw: { width, height, channels } });
    const encoded = await Promise.all(
      wanted.map(async (type) => ({ type, bytes: await encoders[type]!(pixels(), screen).toBuffer() })),
    );
    const smallest = encoded.reduce((best, next) => (next.bytes.length < best.bytes.length ? next : best));
    return { ...smallest, width, height };
  } catch (error) {
    throw new PictureError(`the picture can't be converted: ${(error as Error).message.split('\n')[0]}`);
  }
}

const palettes: ReadonlySet<string> = new Set(['image/png', 'image/gif']);

const encoders: Record<string, (image: Sharp, screen: Screen) => Sharp> = {
  'image/png': (image, screen) =>
    // A palette of 2^depth entries, dithered: what a screen of that depth can show, and no more bytes.
    screen.depth <= 8
      ? image.png({ palette: true, colours: Math.max(2, 2 ** screen.depth), dither: 1, compressionLevel: 9 })
      : image.png({ compressionLevel: 9 }),
  'image/jpeg': (image) => image.flatten({ background: '#ffffff' }).jpeg({ quality: 60, mozjpeg: true }),
  'image/webp': (image) => image.webp({ quality: 60 }),
  'image/gif': (image, screen) => image.gif({ colours: Math.min(256, Math.max(2, 2 ** screen.depth)) }),
};
