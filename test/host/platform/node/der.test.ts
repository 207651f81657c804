// Reading DER: what is written comes back, and nothing that is cut, padded or too long does.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as der from '../../../../host/platform/node/der.js';

describe('elements', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('of %i bytes come back as they were', (length) => {
    const bytes = der.concat(der.octetString(new Uint8Array(length).fill(7)), der.nullValue());
    const [first, second] = der.readElements(bytes)!;
    expect(first).toMatchObject({ tag: 0x04 });
    expect(first!.content).toHaveLength(length);
    expect(second).toMatchObject({ tag: 0x05 });
  });

  test.each([
    ['a tag alone', '30'],
    ['content cut off', '040200'],
    ['an indefinite length', '30800500'],
    ['a long form where the short fits', '04810100'],
    ['a length with a leading zero', '0482008000'],
    ['a length of four bytes', '048400000001ff'],
    ['a high tag', '1f810100'],
  ])('%s is refused', (_, hex) => {
    expect(der.readElements(Buffer.from(hex, 'hex'))).toBeUndefined();
  });

  test('whatever bytes come, no reading goes beyond them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const elements = der.readElements(bytes);
        if (elements === undefined) return;
        expect(der.concat(...elements.map(({ tag, content }) => der.tlv(tag, content)))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
