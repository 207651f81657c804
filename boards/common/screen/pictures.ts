// A page's pictures: kept as they came, decoded when they come into view, and forgotten again when memory is short.
import type { NativeScreen, Pixels } from './screen.js';

/** Bytes of one page's pictures as they came, and as pixels. */
const MAX_ENCODED = 384 * 1024;
const MAX_DECODED = 1024 * 1024;

export type Decoder = Pick<NativeScreen, 'base64' | 'decode'>;

export class Pictures {
  readonly #encoded: Uint8Array[] = [];
  #encodedBytes = 0;
  /** In the order of their last use. */
  readonly #decoded = new Map<number, Pixels>();
  #decodedBytes = 0;

  constructor(
    readonly decoder: Decoder,
    readonly maxWidth: number,
    readonly maxHeight: number,
  ) {}

  /** Takes a picture; it is in the screen's form once. Throws an Error that says why it can't be shown. */
  add(bytes: Uint8Array): { index: number; width: number; height: number } {
    if (this.#encodedBytes + bytes.length > MAX_ENCODED) throw new Error('no memory is left for it');
    const index = this.#encoded.length;
    const { width, height } = this.#decode(index, bytes);
    this.#encoded.push(bytes);
    this.#encodedBytes += bytes.length;
    return { index, width, height };
  }

  /** As `add`, from a data: address (RFC 2397). */
  addInline(address: string): { index: number; width: number; height: number } {
    const comma = address.indexOf(',');
    if (comma < 0 || !address.slice(0, comma).endsWith(';base64')) throw new Error('its address is broken');
    const bytes = this.decoder.base64(address.slice(comma + 1));
    if (bytes === undefined) throw new Error('its address is broken');
    return this.add(bytes);
  }

  pixels(index: number): Pixels {
    const known = this.#decoded.get(index);
    if (known === undefined) return this.#decode(index, this.#encoded[index]!);
    this.#decoded.delete(index);
    this.#decoded.set(index, known);
    return known;
  }

  /** Room is made first, for the largest that may come. */
  #decode(index: number, bytes: Uint8Array): Pixels {
    const room = MAX_DECODED - 2 * this.maxWidth * this.maxHeight;
    for (const oldest of this.#decoded.keys()) {
      if (this.#decodedBytes <= room) break;
      this.#forget(oldest);
    }
    const pixels = this.decoder.decode(bytes, this.maxWidth, this.maxHeight);
    this.#decoded.set(index, pixels);
    this.#decodedBytes += pixels.data.byteLength;
    return pixels;
  }

  #forget(index: number): void {
    this.#decodedBytes -= this.#decoded.get(index)!.data.byteLength;
    this.#decoded.delete(index);
  }
}
