// What frames cost a client: control frames one each, stream frames little, and less than nothing to others.
import { expect, test } from 'vitest';
import { type AnyFrame, FrameType, StreamFrameType } from '../../../../host/delegation/frame.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import { controlBytes, costOf, spend } from '../../../../host/proxy/main_session/frame_budget.js';
import { Bucket } from '../../../../host/services/token_bucket.js';

const control = (length: number): AnyFrame => ({
  type: FrameType.Revoke,
  sessionId: NULL_SESSION_ID,
  body: new Uint8Array(length),
});
const data = (length: number): AnyFrame => ({
  type: StreamFrameType.Data,
  stream: 1,
  body: new Uint8Array(length),
});

test('a control frame costs one, a short stream frame an eighth, a long one its bytes alone', () => {
  expect(costOf([])).toBe(0);
  expect(costOf([control(0), control(500)])).toBe(2);
  expect(costOf(Array.from({ length: 16 }, () => data(1)))).toBe(2);
  expect(costOf([data(512), data(4096)])).toBe(0);
});

test('the bytes of streams are not counted twice', () => {
  expect(controlBytes([control(30), data(4096), control(12)])).toBe(42);
});

test('who spent too much waits, and nobody waits where nothing bounds', async () => {
  await spend({ cost: 1e9, bytes: 1e9 }, undefined, undefined);
  const frames = new Bucket(1000);
  await spend({ cost: 1000, bytes: 0 }, frames, undefined);
  const started = performance.now();
  await spend({ cost: 100, bytes: 0 }, frames, new Bucket(1));
  expect(performance.now() - started).toBeGreaterThan(50);
});
