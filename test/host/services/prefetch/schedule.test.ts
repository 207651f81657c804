// When rounds begin: never before their interval is over, never outside a window, and not later than they must.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextRound } from '../../../../host/services/prefetch/schedule.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (text: string) => Date.parse(`2026-11-23T${text}Z`);
const night = { start: 23 * 60, minutes: 6 * 60 };

describe('the next round', () => {
  test('begins after its interval', () => {
    expect(nextRound(at('10:00:00'), at('10:00:00'), 6 * HOUR, [])).toBe(at('16:00:00'));
  });

  test('begins at once where its time went by', () => {
    expect(nextRound(at('20:00:00'), at('10:00:00'), 6 * HOUR, [])).toBe(at('20:00:00'));
  });

  test('waits for the window', () => {
    expect(nextRound(at('10:00:00'), at('10:00:00'), HOUR, [night])).toBe(at('23:00:00'));
  });

  test('begins in a window that runs past midnight', () => {
    const late = at('23:30:00');
    expect(nextRound(late, late, 2 * HOUR, [night])).toBe(late + 2 * HOUR);
    expect(nextRound(late, late, 6 * HOUR, [night])).toBe(at('23:00:00') + 24 * HOUR);
  });

  test('is in all windows, or nowhere', () => {
    const early = { start: 3 * 60, minutes: 60 };
    expect(nextRound(at('10:00:00'), at('10:00:00'), HOUR, [night, early])).toBe(at('03:00:00') + 24 * HOUR);
    const noon = { start: 12 * 60, minutes: 60 };
    expect(nextRound(at('10:00:00'), at('10:00:00'), HOUR, [night, noon])).toBeUndefined();
  });

  test('is never early, never outside, and the first that can be', () => {
    const window = fc.record({
      start: fc.integer({ min: 0, max: 1439 }),
      minutes: fc.integer({ min: 1, max: 1440 }),
    });
    const inside = (time: number, { start, minutes }: { start: number; minutes: number }) =>
      (Math.floor(time / MINUTE) + 2 * 1440 - start) % 1440 < minutes;
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.nat(48 * HOUR),
        fc.array(window, { maxLength: 2 }),
        (now, every, windows) => {
          const next = nextRound(now, now, every, windows);
          const minutes = Array.from(
            { length: 1441 },
            (_, i) => (Math.floor((now + every) / MINUTE) + 1 + i) * MINUTE,
          );
          const first = [now + every, ...minutes].find((time) => windows.every((each) => inside(time, each)));
          expect(next).toBe(first);
        },
      ),
      { numRuns: 300 },
    );
  });
});
