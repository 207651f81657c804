import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeUtf8,
  encodeUtf8,
  fromHex,
  hasControls,
  plainText,
  toHex,
} from '../../../host/delegation/text.js';

describe('text without TextEncoder', () => {
  test('encodes as TextEncoder does, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((n) => String.fromCharCode(n)) }), (text) => {
        expect(encodeUtf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      }),
    );
  });

  test('decodes what a strict TextDecoder decodes, and refuses what it refuses', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const outcome = (decode: () => string) => {
      try {
        return decode();
      } catch {
        return undefined;
      }
    };
    const nearText = fc.array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xa0, 0x9f, 0xed, 0xf0, 0x90, 0xf4, 0x8f),
    );
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      nearText.map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(input, (bytes) => {
        expect(outcome(() => decodeUtf8(bytes))).toBe(outcome(() => strict.decode(bytes)));
      }),
      { numRuns: 5000 },
    );
  });

  test('hexadecimal goes both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
    expect(() => fromHex('abc')).toThrow();
    expect(() => fromHex('zz')).toThrow();
  });

  test('a plain text holds no controls and keeps to its limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, limit) => {
        const plain = plainText(text, limit);
        expect(hasControls(plain)).toBe(false);
        expect(Buffer.byteLength(plain)).toBeLessThanOrEqual(limit);
      }),
    );
  });
});
