// Waiting for room leaves nothing behind, and ends with the stream.
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { drained } from '../../../../host/platform/node/drained.js';

const EVENTS = ['drain', 'close', 'error'];

function slow() {
  const held: (() => void)[] = [];
  const out = new Writable({ highWaterMark: 1, write: (_, __, done) => void held.push(done) });
  return { out, held };
}

test('a thousand waits leave no listener', async () => {
  const { out, held } = slow();
  const before = EVENTS.map((event) => out.listenerCount(event));
  for (let i = 0; i < 1000; i++) {
    expect(out.write('x')).toBe(false);
    const room = drained(out);
    held.pop()!();
    await room;
  }
  expect(EVENTS.map((event) => out.listenerCount(event))).toEqual(before);
});

test('a stream that breaks off, or is gone already, ends the wait', async () => {
  const { out } = slow();
  out.write('x');
  const room = drained(out);
  out.destroy();
  await room;
  await drained(out);
});
