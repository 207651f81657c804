// DER (X.690), just as much of it as certificates and sessions of OpenSSL need. What is written is not checked: tests write
// wrong things on purpose.

export const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** One tag, length and content. */
export function tlv(tag: number, ...content: Uint8Array[]): Uint8Array {
  const body = concat(...content);
  return concat(Uint8Array.of(tag), derLength(body.length), body);
}

export function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  if (length < 0x10000) return Uint8Array.of(0x82, length >> 8, length & 255);
  return Uint8Array.of(0x83, length >> 16, (length >> 8) & 255, length & 255);
}

export const sequence = (...items: Uint8Array[]) => tlv(0x30, ...items);
export const set = (...items: Uint8Array[]) => tlv(0x31, ...items);
export const octetString = (...content: Uint8Array[]) => tlv(0x04, ...content);
export const nullValue = () => tlv(0x05);
export const boolean = (value: boolean) => tlv(0x01, Uint8Array.of(value ? 0xff : 0));
export const ascii = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
export const utf8 = (text: string) => new TextEncoder().encode(text);

/** Context tag n around whole elements ([n] EXPLICIT, or IMPLICIT of a constructed type). */
export const explicit = (n: number, ...items: Uint8Array[]) => tlv(0xa0 | n, ...items);
/** Context tag n around plain content ([n] IMPLICIT of a primitive type). */
export const implicit = (n: number, ...content: Uint8Array[]) => tlv(0x80 | n, ...content);

export function integer(value: number | bigint | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return tlv(0x02, value);
  let digits = value.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  if (Number.parseInt(digits.slice(0, 2), 16) >= 0x80) digits = `00${digits}`;
  return tlv(0x02, new Uint8Array(Buffer.from(digits, 'hex')));
}

export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first! * 40 + second!, ...rest]) {
    const septets = [arc & 127];
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift((left & 127) | 128);
    bytes.push(...septets);
  }
  return tlv(0x06, Uint8Array.from(bytes));
}

export const bitString = (content: Uint8Array, unused = 0) => tlv(0x03, Uint8Array.of(unused), content);

/** A NamedBitList: numbers of the bits that are set; trailing zero bits are left out (X.690 §11.2.2). */
export function bits(...set: number[]): Uint8Array {
  if (set.length === 0) return bitString(new Uint8Array(0));
  const last = Math.max(...set);
  const bytes = new Uint8Array((last >> 3) + 1);
  for (const bit of set) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  return bitString(bytes, 7 - (last & 7));
}

/** UTCTime to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(date: Date): Uint8Array {
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050 ? tlv(0x17, ascii(text.slice(2))) : tlv(0x18, ascii(text));
}

export interface Element {
  tag: number;
  /** A view of the bytes that were read. */
  content: Uint8Array;
}

/** The elements that lie side by side in `bytes`; undefined where they are no DER of low tags and of lengths below 2^24. */
export function readElements(bytes: Uint8Array): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++]!;
    let length = bytes[at++];
    if ((tag & 0x1f) === 0x1f || length === undefined || length === 0x80 || length > 0x83) return undefined;
    if (length > 0x80) {
      const digits = bytes.subarray(at, at + length - 0x80);
      at += length - 0x80;
      length = digits.reduce((value, digit) => value * 256 + digit, 0);
      // The shortest form alone (X.690 §10.1).
      if (digits[0] === 0 || length < 0x80) return undefined;
    }
    if (length > bytes.length - at) return undefined;
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}
