import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STREAM_BODY_LIMIT } from '../../../../host/delegation/frame.js';
import { Pieces } from '../../../../host/delegation/streams/pieces.js';

/** As records are cut of what is written at once. */
const cut = (length: number): number[] =>
  length <= STREAM_BODY_LIMIT ? [length] : [STREAM_BODY_LIMIT, ...cut(length - STREAM_BODY_LIMIT)];

describe('pieces', () => {
  test('come as they were written, however frames cut them', () => {
    const writes = fc.array(fc.integer({ min: 1, max: 3 * STREAM_BODY_LIMIT }), {
      minLength: 1,
      maxLength: 5,
    });
    const frames = fc.array(fc.integer({ min: 1, max: STREAM_BODY_LIMIT }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(writes, frames, (lengths, sizes) => {
        const pieces = new Pieces();
        const read: number[] = [];
        let sent = 0;
        let seen = 0;
        let turn = 0;
        for (const length of lengths) {
          for (let left = length; left > 0; ) {
            const size = Math.min(left, sizes[turn++ % sizes.length]!);
            left -= size;
            const bytes = Uint8Array.from({ length: size }, () => sent++ & 255);
            for (const piece of pieces.push(bytes, left > 0)) {
              read.push(piece.length);
              for (const byte of piece) if (byte !== (seen++ & 255)) throw new Error('out of order');
            }
          }
        }
        expect(read).toEqual(lengths.flatMap(cut));
        expect(pieces.rest()).toEqual([]);
      }),
    );
  });

  test('that never end are given as far as they came, and none is held beyond 4 KiB', () => {
    const pieces = new Pieces();
    expect(pieces.push(new Uint8Array(4000), true)).toEqual([]);
    expect(pieces.push(new Uint8Array(4000), true).map(({ length }) => length)).toEqual([4096]);
    expect(pieces.rest().map(({ length }) => length)).toEqual([3904]);
    expect(pieces.rest()).toEqual([]);
  });
});
