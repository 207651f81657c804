// Bytes to text, chunk by chunk, in whatever character set they come.
import { TextDecoder as EveryTextDecoder } from '@exodus/bytes/encoding.js';
import {
  declaredCharset,
  FALLBACK,
  LATE_BYTES,
  lateCharset,
  PRESCAN_BYTES,
  type TextKind,
} from '../../charset_sniffing.js';

export interface DecodedText {
  /** Its encoding's name, in small letters: forms are sent in it. */
  charset: string;
  text: AsyncIterable<string>;
}

/** Decodes `body`, once as much of it is there as it takes to know how. */
export async function decodeText(
  body: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
  kind: TextKind,
): Promise<DecodedText> {
  const source = new Lookahead(body);
  const declared = declaredCharset(contentType, await source.look(PRESCAN_BYTES), kind);
  if (declared !== undefined) return { charset: declared, text: decoded(source, charsetDecoder(declared)) };
  const start = await source.look(LATE_BYTES);
  const late = lateCharset(start, source.isAtEnd);
  // Until something else than ASCII comes, nothing is decided: it is the same in both.
  if (late === 'utf-8' && isAscii(start)) return { charset: late, text: undecided(source) };
  const charset = late ?? FALLBACK;
  return { charset, text: decoded(source, charsetDecoder(charset)) };
}

/** Decodes text that is there as a whole. */
export async function decodeWhole(
  bytes: Uint8Array,
  contentType: string | undefined,
  kind: TextKind,
): Promise<string> {
  const { text } = await decodeText(one(bytes), contentType, kind);
  let whole = '';
  for await (const piece of text) whole += piece;
  return whole;
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Decodes chunk by chunk; an empty call ends it. A byte that fits nowhere becomes U+FFFD. `charset` is an encoding's name. */
export function charsetDecoder(charset: string): (bytes?: Uint8Array) => string {
  // Encoding Standard §14.1: labels of encodings that can't be read safely show that there was something, and no more.
  if (charset === 'replacement') return onceReplaced();
  const decoder = charset === 'utf-8' ? new TextDecoder() : new EveryTextDecoder(charset);
  return (bytes) => (bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }));
}

function onceReplaced(): (bytes?: Uint8Array) => string {
  let isFirst = true;
  return (bytes) => {
    if (bytes === undefined || bytes.length === 0 || !isFirst) return '';
    isFirst = false;
    return '\ufffd';
  };
}

async function* decoded(source: Lookahead, decode: (bytes?: Uint8Array) => string): AsyncGenerator<string> {
  for await (const chunk of source.chunks()) yield decode(chunk);
  yield decode();
}

/** ASCII as long as it is that; then what a good deal of what follows says. */
async function* undecided(source: Lookahead): AsyncGenerator<string> {
  let decode: ((bytes?: Uint8Array) => string) | undefined;
  for await (const chunk of source.chunks()) {
    if (decode === undefined && isAscii(chunk)) {
      yield Buffer.from(chunk).toString('latin1');
      continue;
    }
    if (decode === undefined) {
      const more = await source.look(LATE_BYTES);
      const late = lateCharset(Buffer.concat([chunk, more]), source.isAtEnd);
      decode = charsetDecoder(late ?? FALLBACK);
    }
    yield decode(chunk);
  }
  if (decode !== undefined) yield decode();
}

/** ISO-2022-JP says all it says in ASCII, after an escape. */
function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80 || byte === 0x1b) return false;
  return true;
}

/** Chunks that can be looked at before they are taken. */
class Lookahead {
  isAtEnd = false;
  readonly #from: AsyncIterator<Uint8Array>;
  #seen: Uint8Array[] = [];
  #length = 0;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#from = body[Symbol.asyncIterator]();
  }

  /** At least `least` bytes of what comes next, or all of it. */
  async look(least: number): Promise<Uint8Array> {
    while (this.#length < least && !this.isAtEnd) {
      const step = await this.#from.next();
      if (step.done === true) {
        this.isAtEnd = true;
        break;
      }
      this.#seen.push(step.value);
      this.#length += step.value.length;
    }
    return Buffer.concat(this.#seen);
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const seen = this.#seen.shift();
        if (seen !== undefined) {
          this.#length -= seen.length;
          yield seen;
          continue;
        }
        if (this.isAtEnd) return;
        const step = await this.#from.next();
        if (step.done === true) this.isAtEnd = true;
        else yield step.value;
      }
    } finally {
      await this.#from.return?.();
    }
  }
}
