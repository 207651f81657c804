// Waiting: it ends when nothing moves, and in the end also when something always does.
import { expect, test } from 'vitest';
import { within } from '../../../host/client/timeout.js';

/** A clock that runs when it is told to. */
function clock() {
  const timers = new Set<{ due: number; callback: () => void }>();
  let now = 0;
  return {
    setTimer(milliseconds: number, callback: () => void) {
      const timer = { due: now + milliseconds, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(milliseconds: number) {
      now += milliseconds;
      for (const timer of timers) if (timer.due <= now && timers.delete(timer)) timer.callback();
    },
    get pending() {
      return timers.size;
    },
  };
}

const forEver = new Promise<never>(() => {});

test('a wait ends when nothing came for its time, and not while bytes come', async () => {
  const time = clock();
  let received = 0;
  const waiting = within(time, forEver, { milliseconds: 100, moved: () => received });
  for (let i = 0; i < 5; i++) {
    received += 10;
    time.pass(100);
    expect(time.pending).toBe(1);
  }
  time.pass(100);
  await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test('a peer that always sends something else is given up too', async () => {
  const time = clock();
  let received = 0;
  const waiting = within(time, forEver, { milliseconds: 100, moved: () => ++received });
  for (let i = 0; i < 11; i++) time.pass(100);
  await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(time.pending).toBe(0);
});
