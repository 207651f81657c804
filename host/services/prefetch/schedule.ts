// When the next round of a subscription begins: after its interval, in a minute that every window allows.
import type { DailyWindow } from '../../delegation/subscription.js';

const MINUTE = 60_000;
const DAY = 1440;

/**
 * Unix milliseconds of the first moment from `now` that is `every` milliseconds after `last` or later, within all
 * windows. Undefined where the windows have no minute in common.
 */
export function nextRound(
  now: number,
  last: number,
  every: number,
  windows: readonly DailyWindow[],
): number | undefined {
  const earliest = Math.max(now, last + every);
  if (windows.every((window) => isWithin(earliest, window))) return earliest;
  // A window begins and ends with a minute.
  const first = Math.floor(earliest / MINUTE) + 1;
  for (let minute = first; minute <= first + DAY; minute++) {
    if (windows.every((window) => isWithin(minute * MINUTE, window))) return minute * MINUTE;
  }
  return undefined;
}

function isWithin(time: number, { start, minutes }: DailyWindow): boolean {
  const minute = Math.floor(time / MINUTE) % DAY;
  return (minute - start + DAY) % DAY < minutes;
}
