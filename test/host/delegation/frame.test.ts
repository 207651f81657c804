import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnyFrame,
  encodeFrame,
  FRAME_BODY_LIMIT,
  FRAME_HEADER_BYTES,
  type Frame,
  FrameDecoder,
  FrameType,
} from '../../../host/delegation/frame.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import { codeOf } from './refusal.js';

const frame = fc.record({
  type: fc.integer({ min: 1, max: 11 }),
  sessionId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id).toString('hex')),
  body: fc.uint8Array({ maxLength: 300 }),
}) as fc.Arbitrary<Frame>;

/** `bytes` cut at arbitrary places. */
const chopped = (bytes: Uint8Array, cuts: number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
};

const header = (type: number, length: number) =>
  Uint8Array.from([type, ...new Array(16).fill(0), length >> 16, (length >> 8) & 255, length & 255]);

describe('frames', () => {
  test('come out as they went in, however the stream is chopped', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat()), (frames, cuts) => {
        const decoder = new FrameDecoder();
        const stream = new Uint8Array(Buffer.concat(frames.map(encodeFrame)));
        const seen = chopped(stream, cuts).flatMap((chunk) => decoder.push(chunk));
        decoder.end();
        expect(seen).toEqual(frames);
      }),
    );
  });

  test('of unknown types are skipped, and the next one is found', () => {
    const unknown = {
      type: 100 as FrameType,
      sessionId: NULL_SESSION_ID,
      body: new Uint8Array(5000).fill(3),
    };
    const known = { type: FrameType.Active, sessionId: 'ab'.repeat(16), body: new Uint8Array(8) };
    const stream = new Uint8Array(Buffer.concat([unknown, known, unknown].map(encodeFrame)));
    for (const size of [1, 7, 4096, stream.length]) {
      const decoder = new FrameDecoder();
      const seen: AnyFrame[] = [];
      for (let at = 0; at < stream.length; at += size)
        seen.push(...decoder.push(stream.subarray(at, at + size)));
      expect(seen).toEqual([known]);
      decoder.end();
    }
  });

  test('over the limit are refused at the header, of known and unknown types alike', () => {
    for (const type of [FrameType.Deliver, 99]) {
      expect(codeOf(() => new FrameDecoder().push(header(type, FRAME_BODY_LIMIT + 1)))).toBe(
        'FRAME_TOO_LONG',
      );
      expect(codeOf(() => new FrameDecoder().push(header(type, FRAME_BODY_LIMIT)))).toBe('no error');
    }
    const body = new Uint8Array(FRAME_BODY_LIMIT + 1);
    expect(codeOf(() => encodeFrame({ type: FrameType.Error, sessionId: NULL_SESSION_ID, body }))).toBe(
      'FRAME_BAD_ARGUMENT',
    );
  });

  test('are no more accepted after an error', () => {
    const decoder = new FrameDecoder();
    expect(codeOf(() => decoder.push(header(1, 0xffffff)))).toBe('FRAME_TOO_LONG');
    expect(codeOf(() => decoder.push(header(4, 0)))).toBe('FRAME_AFTER_ERROR');
  });

  test('cut short by the end of the stream are told', () => {
    const bytes = encodeFrame({
      type: FrameType.Revoke,
      sessionId: NULL_SESSION_ID,
      body: new Uint8Array(10),
    });
    for (let length = 1; length < bytes.length; length++) {
      const decoder = new FrameDecoder();
      expect(decoder.push(bytes.subarray(0, length))).toEqual([]);
      expect(codeOf(() => decoder.end())).toBe('FRAME_TRUNCATED');
    }
  });

  test('hold one unfinished body at most', () => {
    const decoder = new FrameDecoder();
    decoder.push(header(FrameType.Deliver, FRAME_BODY_LIMIT));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < FRAME_BODY_LIMIT - 1; i += 1) decoder.push(Uint8Array.of(1));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    expect(decoder.push(Uint8Array.of(1))).toHaveLength(1);
  });

  test('of random bytes end in frames or in a typed error, never in anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat()), (bytes, cuts) => {
        const decoder = new FrameDecoder();
        const result = codeOf(() => {
          for (const chunk of chopped(bytes, cuts)) decoder.push(chunk);
        });
        expect(['no error', 'FRAME_TOO_LONG']).toContain(result);
      }),
    );
  });

  test('have a header of 20 bytes', () => {
    const bytes = encodeFrame({ type: FrameType.Tunnel, sessionId: '01'.repeat(16), body: Uint8Array.of(7) });
    expect(FRAME_HEADER_BYTES).toBe(20);
    expect(Buffer.from(bytes).toString('hex')).toBe(`08${'01'.repeat(16)}00000107`);
  });
});
