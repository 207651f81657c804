// A clock that somebody sets back makes nothing fresh again.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HeaderList } from '../../../../host/http/header_list.js';
import { SteadyClock } from '../../../../host/services/cache/clock.js';
import { decodeEntry, type Entry, encodeEntry } from '../../../../host/services/cache/entry.js';
import { Freshness } from '../../../../host/services/cache/freshness.js';

const HOUR = 3_600_000;

test('a steady clock follows the machine forward, and never back', () => {
  let [wall, elapsed] = [1_000_000, 0];
  const clock = new SteadyClock(
    () => wall,
    () => elapsed,
  );
  const pass = (milliseconds: number, set = 0) => {
    elapsed += milliseconds;
    wall += milliseconds + set;
    return clock.now();
  };
  expect(pass(500)).toBe(1_000_500);
  // Two hours back: it goes on as if nothing had been.
  expect(pass(500, -2 * HOUR)).toBe(1_001_000);
  expect(pass(1000)).toBe(1_002_000);
  // Set right again, and then put forward.
  expect(pass(0, 2 * HOUR)).toBe(1_002_000);
  expect(pass(1, HOUR)).toBe(1_002_001 + HOUR);
});

describe('an entry', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function entry(): Entry {
    const headers = new HeaderList([['Cache-Control', 'max-age=600']]);
    const freshness = Freshness.of(new HeaderList([]), { status: 200, headers }, true)!;
    const rest = { reason: 'OK', headers, received: headers, changed: false, until: undefined };
    return { status: 200, ...rest, body: Buffer.from('x'), freshness, storedAt: Date.now() };
  }

  test('that was stale is stale when the clock jumps two hours back', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const stored = entry();
    const asked = new HeaderList([]);
    expect(stored.freshness.verdict(asked)).toBe('fresh');
    vi.setSystemTime(Date.now() + 2 * HOUR + 60_000);
    expect(stored.freshness.verdict(asked)).toBe('stale');
    vi.setSystemTime(Date.now() - 2 * HOUR);
    expect(stored.freshness.verdict(asked)).toBe('stale');
  });

  test('of the future is none: nobody can tell its age', () => {
    const stored = entry();
    expect(decodeEntry(encodeEntry(stored))).toBeDefined();
    expect(decodeEntry(encodeEntry({ ...stored, storedAt: Date.now() + 24 * HOUR }))).toBeUndefined();
  });
});
