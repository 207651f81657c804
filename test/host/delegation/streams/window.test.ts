// Credit follows the link: about a second of it, never less than the floor, never more than the limit.
import { describe, expect, test } from 'vitest';
import { ReceiveWindow } from '../../../../host/delegation/streams/window.js';

/** A peer that sends all it may over a link of so many bytes a second. Gives the window's size after each second. */
function sizes(bytesPerSecond: number, roundTrip: number, seconds: number, limit = 1 << 20): number[] {
  let now = 0;
  const window = new ReceiveWindow({ floor: 4096, limit, now: () => now });
  const seen: number[] = [];
  /** Credit that is on its way to the sender, and when it is there. */
  const coming: { at: number; bytes: number }[] = [{ at: 0, bytes: 4096 }];
  let credit = 0;
  for (; now < seconds * 1000; now += 10) {
    while (coming[0] !== undefined && coming[0].at <= now) credit += coming.shift()!.bytes;
    const bytes = Math.min(credit, Math.floor(bytesPerSecond / 100));
    credit -= bytes;
    if (bytes > 0) {
      expect(window.take(bytes)).toBe(true);
      const more = window.give(bytes);
      if (more > 0) coming.push({ at: now + roundTrip, bytes: more });
    }
    if (now % 1000 === 990) seen.push(window.size);
  }
  return seen;
}

describe('a receive window', () => {
  test('stays at the floor on a line of 14.4 kbit/s', () => {
    expect(sizes(1800, 600, 20)).toEqual(Array.from({ length: 20 }, () => 4096));
  });

  test.each([
    ['56 kbit/s', 7000, 300],
    ['1 Mbit/s', 125_000, 100],
    ['10 Mbit/s, far away', 1_250_000, 300],
  ])('grows to about a second of %s', (_, rate, roundTrip) => {
    const last = sizes(rate, roundTrip, 20, 1 << 24).at(-1)!;
    expect(last).toBeGreaterThan(rate * 0.7);
    expect(last).toBeLessThan(rate * 1.5);
  });

  test('never exceeds its limit', () => {
    expect(Math.max(...sizes(1 << 24, 10, 5, 65_536))).toBe(65_536);
  });

  test('takes nothing beyond the credit that it gave', () => {
    const window = new ReceiveWindow({ floor: 4096, limit: 4096, now: () => 0 });
    expect(window.take(4000)).toBe(true);
    expect(window.take(97)).toBe(false);
    expect(window.take(96)).toBe(true);
    expect(window.give(4096)).toBe(4096);
    expect(window.take(4097)).toBe(false);
  });
});
