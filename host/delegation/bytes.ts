// Reads and writes the fields of a frame. Every length is checked against what is there before it is used.
import { ProtocolError } from './error.js';
import { copySecret } from './secret_bytes.js';
import { decodeUtf8, encodeUtf8, hasControls, plainText } from './text.js';

/** Takes fields from the front of `bytes`; throws ProtocolError where a field is not all there. */
export class FieldReader {
  constructor(
    readonly bytes: Uint8Array,
    public offset = 0,
  ) {}

  get left(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.#view(1)[0]!;
  }

  u16(): number {
    const b = this.#view(2);
    return (b[0]! << 8) | b[1]!;
  }

  u24(): number {
    const b = this.#view(3);
    return (b[0]! << 16) | (b[1]! << 8) | b[2]!;
  }

  u32(): number {
    const b = this.#view(4);
    return ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;
  }

  /** An unsigned 64-bit count that JavaScript can hold exactly. */
  u64(): number {
    const value = this.u32() * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw new ProtocolError('FRAME_BAD_FIELD', 'a count is beyond 2^53');
    return value;
  }

  /** A copy of the next `length` bytes: they may be a secret. */
  take(length: number): Uint8Array {
    return copySecret(this.#view(length));
  }

  /** A byte string with its length before it in 8 or 16 bits. */
  vector(lengthBits: 8 | 16, limit: number): Uint8Array {
    const length = lengthBits === 8 ? this.u8() : this.u16();
    if (length > limit) {
      throw new ProtocolError('FRAME_TOO_LONG', `a field of ${length} bytes exceeds its limit of ${limit}`);
    }
    return this.take(length);
  }

  /** Text without control characters. */
  text(lengthBits: 8 | 16, limit: number): string {
    const text = decodeUtf8(this.vector(lengthBits, limit));
    if (hasControls(text)) throw new ProtocolError('FRAME_BAD_TEXT', 'a text field holds control characters');
    return text;
  }

  /** A list of at most 255 short texts. */
  texts(): string[] {
    return Array.from({ length: this.u8() }, () => this.text(8, 255));
  }

  /** At most `limit` hashes of 32 bytes. */
  hashes(limit: number): Uint8Array[] {
    const count = this.u8();
    if (count > limit) throw new ProtocolError('FRAME_TOO_LONG', `${count} hashes exceed ${limit}`);
    return Array.from({ length: count }, () => this.take(32));
  }

  /** Refuses bytes after the last field. */
  end(): void {
    if (this.left > 0) {
      throw new ProtocolError('FRAME_TRAILING_BYTES', `${this.left} bytes follow the last field of a frame`);
    }
  }

  #view(length: number): Uint8Array {
    if (length > this.left) {
      throw new ProtocolError('FRAME_TRUNCATED', `a frame ends ${length - this.left} bytes early`);
    }
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }
}

/** The first number that an integer of so many bytes can't hold. */
const BEYOND = [1, 2 ** 8, 2 ** 16, 2 ** 24, 2 ** 32] as const;

/** Builds a frame field by field; throws FRAME_BAD_ARGUMENT for a value that does not fit its field. */
export class FieldWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  u8(value: number): this {
    return this.#integer(value, 1);
  }

  u16(value: number): this {
    return this.#integer(value, 2);
  }

  u24(value: number): this {
    return this.#integer(value, 3);
  }

  u32(value: number): this {
    return this.#integer(value, 4);
  }

  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw misfit(`${value} is no 64-bit count`);
    return this.u32(Math.floor(value / 0x1_0000_0000)).u32(value % 0x1_0000_0000);
  }

  /** `bytes`, which must be `length` long. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) throw misfit(`expected ${length} bytes, not ${bytes.length}`);
    return this.#append(bytes);
  }

  vector(lengthBits: 8 | 16, bytes: Uint8Array, limit: number): this {
    if (bytes.length > limit) throw misfit(`${bytes.length} bytes exceed the field's limit of ${limit}`);
    this.#integer(bytes.length, lengthBits / 8);
    return this.#append(bytes);
  }

  /** A name: refused when it holds controls or is too long, since cutting it would make it another name. */
  text(lengthBits: 8 | 16, text: string, limit: number): this {
    if (hasControls(text)) throw misfit('a text field must not hold control characters');
    return this.vector(lengthBits, encodeUtf8(text), limit);
  }

  /** A sentence for people: controls become spaces and the end is cut where it must. */
  sentence(text: string, limit: number): this {
    return this.text(16, plainText(text, limit), limit);
  }

  texts(list: readonly string[]): this {
    this.u8(list.length);
    for (const text of list) this.text(8, text, 255);
    return this;
  }

  hashes(list: readonly Uint8Array[], limit: number): this {
    if (list.length > limit) throw misfit(`${list.length} hashes exceed the field's limit of ${limit}`);
    this.u8(list.length);
    for (const hash of list) this.fixed(hash, 32);
    return this;
  }

  /** The bytes so far, as a copy of their own; what the writer held is wiped, for it may have been a secret. */
  finish(): Uint8Array {
    const bytes = copySecret(this.#bytes.subarray(0, this.#length));
    this.#bytes.fill(0);
    this.#length = 0;
    return bytes;
  }

  #integer(value: number, size: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= BEYOND[size]!) {
      throw misfit(`${value} does not fit ${8 * size} bits`);
    }
    let at = this.#grow(size) + size;
    for (let rest = value, left = size; left > 0; left--, rest >>>= 8) this.#bytes[--at] = rest;
    return this;
  }

  #append(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  #grow(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    return at;
  }
}

const misfit = (message: string) => new ProtocolError('FRAME_BAD_ARGUMENT', message);
