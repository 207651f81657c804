import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utf8Stream } from '../../../../boards/common/screen/utf8_stream.js';

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('text is the same in whatever pieces its bytes come, characters cut in two included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.array(fc.nat(60)), (text, cuts) => {
      const bytes = new TextEncoder().encode(text);
      const stream = new Utf8Stream(decode);
      let out = '';
      let from = 0;
      for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
        out += stream.write(bytes.subarray(from, cut));
        from = Math.max(from, cut);
      }
      // A byte order mark is what the decoder of Node leaves out of each piece.
      const unmarked = (marked: string) => marked.replaceAll('\ufeff', '');
      expect(unmarked(out + stream.end())).toBe(unmarked(text));
    }),
    { numRuns: 500 },
  );
});

test('what is no UTF-8 is given to the decoder, not kept for ever', () => {
  const stream = new Utf8Stream(decode);
  expect(stream.write(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x61))).toBe('\ufffd\ufffd\ufffd\ufffda');
  expect([stream.write(Uint8Array.of(0xf0, 0x9f)), stream.end()]).toEqual(['', '\ufffd']);
});
