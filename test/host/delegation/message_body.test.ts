import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  FrameType,
  isStreamFrame,
} from '../../../host/delegation/frame.js';
import type { Message } from '../../../host/delegation/message.js';
import { decodeMessage, encodeMessage } from '../../../host/delegation/message_body.js';
import { NULL_SESSION_ID } from '../../../host/delegation/session_id.js';
import { messages } from './arbitrary.js';
import { codeOf } from './refusal.js';

const TYPES = Object.values(FrameType).filter((type) => typeof type === 'number').length;

const frameOf = (message: Message): Frame =>
  new FrameDecoder().push(encodeMessage(message)).find((frame): frame is Frame => !isStreamFrame(frame))!;

describe('messages', () => {
  test('of every type come out as they went in', () => {
    const seen = new Set<FrameType>();
    fc.assert(
      fc.property(messages, (message) => {
        seen.add(message.type);
        expect(decodeMessage(frameOf(message))).toEqual(message);
      }),
      { numRuns: 500 },
    );
    expect(seen.size).toBe(TYPES);
  });

  test('with bytes missing or too many are refused', () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, cut) => {
        const frame = frameOf(message);
        const short = { ...frame, body: frame.body.slice(0, cut % frame.body.length) };
        const long = { ...frame, body: Uint8Array.from([...frame.body, 0]) };
        expect(codeOf(() => decodeMessage(long))).toBe('FRAME_TRAILING_BYTES');
        // A cut can also leave a text that ends inside a character, or a profile with no colours.
        expect(['FRAME_TRUNCATED', 'FRAME_BAD_TEXT', 'FRAME_BAD_FIELD']).toContain(
          codeOf(() => decodeMessage(short)),
        );
      }),
    );
  });

  test('of random bytes parse or end in a typed error', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: TYPES }), fc.uint8Array({ maxLength: 400 }), (type, body) => {
        codeOf(() => decodeMessage({ type, sessionId: NULL_SESSION_ID, body }));
      }),
      { numRuns: 2000 },
    );
  });

  test('with one byte changed parse or end in a typed error', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, place, flip) => {
        const frame = frameOf(message);
        frame.body[place % frame.body.length]! ^= flip;
        codeOf(() => decodeMessage(frame));
      }),
      { numRuns: 1000 },
    );
  });

  test('carry no control characters: not in names, and as spaces in sentences', () => {
    const reason = 'first\r\nSet-Cookie: a\u001b[31m';
    const deny: Message = {
      type: FrameType.Deny,
      sessionId: NULL_SESSION_ID,
      requestId: 1,
      code: 'POLICY_DENIED',
      reason,
    };
    expect(decodeMessage(frameOf(deny))).toEqual({ ...deny, reason: 'first  Set-Cookie: a [31m' });
    const error: Message = { type: FrameType.Error, sessionId: NULL_SESSION_ID, code: 'A\nB', text: '' };
    expect(codeOf(() => encodeMessage(error))).toBe('FRAME_BAD_ARGUMENT');
    const body = Uint8Array.from([0, 1, 10]);
    const frame = { type: FrameType.Revoke, sessionId: NULL_SESSION_ID, body };
    expect(codeOf(() => decodeMessage(frame))).toBe('FRAME_BAD_TEXT');
  });

  test('a TUNNEL that names no host, port 0 or request 0 is refused', () => {
    const tunnel = {
      type: FrameType.Tunnel as const,
      sessionId: NULL_SESSION_ID,
      requestId: 1,
      host: 'pictures.example',
      port: 443,
      reason: 'a picture',
      forSession: 'cd'.repeat(16),
    };
    expect(decodeMessage(frameOf(tunnel))).toEqual(tunnel);
    for (const change of [{ requestId: 0 }, { port: 0 }, { host: 'a b' }, { host: '' }, { host: 'x/../y' }]) {
      expect(codeOf(() => decodeMessage(frameOf({ ...tunnel, ...change })))).toBe('FRAME_BAD_FIELD');
    }
  });

  test('long sentences are cut at a character, never inside one', () => {
    const reason = 'é'.repeat(2000);
    const message = {
      type: FrameType.Deny as const,
      sessionId: NULL_SESSION_ID,
      requestId: 1,
      code: 'A',
      reason,
    };
    expect(decodeMessage(frameOf(message))).toEqual({ ...message, reason: 'é'.repeat(512) });
  });

  test.each([FrameType.Deliver, FrameType.Resumption, FrameType.CipherChanged])(
    'the body of one that carries secrets (type %i) is wiped once it is read, also when it is malformed',
    (type) => {
      const body = new Uint8Array(300).fill(9);
      expect(codeOf(() => decodeMessage({ type, sessionId: NULL_SESSION_ID, body }))).not.toBe('no error');
      expect(body.every((byte) => byte === 0)).toBe(true);
      expect(encodeFrame({ type, sessionId: NULL_SESSION_ID, body })).toHaveLength(320);
    },
  );
});
