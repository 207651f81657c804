// SUBSCRIBE: what a client wants fetched while it is away (R25), and SUBSCRIBED: how that stands.
import { type FieldReader, FieldWriter } from './bytes.js';
import { ProtocolError } from './error.js';

/** Rounds may begin in these minutes of each day, UTC; a window may run past midnight. */
export interface DailyWindow {
  /** 0 to 1439. */
  start: number;
  /** 1 to 1440. */
  minutes: number;
}

export interface SubscriptionWish {
  /** Seconds from one round to the next. */
  every: number;
  window: DailyWindow | undefined;
  /** Header lines of the client's own requests: what is private, and what varies, is found by them. Secrets. */
  headers: readonly (readonly [name: string, value: string])[];
  /** Path and query, all of one origin. */
  targets: readonly string[];
}

/** How a subscription stands. */
export interface SubscriptionState {
  /** Empty while it lasts; else why it is over. */
  code: string;
  text: string;
  /** Seconds to the next round; 0 where there is none. */
  next: number;
  /** Connections that may still be opened. */
  left: number;
}

export const SUBSCRIPTION_TARGETS = 32;
export const SUBSCRIPTION_HEADERS = 32;
const TARGET_LIMIT = 2048;
const VALUE_LIMIT = 4096;
const TEXT_LIMIT = 1024;
const DAY = 1440;
/** Stands for "no window". */
const ANY_TIME = 0xffff;

/** The bytes hold secrets. Throws FRAME_BAD_ARGUMENT. */
export function encodeWish(wish: SubscriptionWish): Uint8Array {
  const fault = faultOf(wish);
  if (fault !== undefined) throw new ProtocolError('FRAME_BAD_ARGUMENT', fault);
  const out = new FieldWriter().u32(wish.every);
  out.u16(wish.window?.start ?? ANY_TIME).u16(wish.window?.minutes ?? 0);
  out.u8(wish.headers.length);
  for (const [name, value] of wish.headers) out.text(8, name, 255).text(16, value, VALUE_LIMIT);
  out.u8(wish.targets.length);
  for (const target of wish.targets) out.text(16, target, TARGET_LIMIT);
  return out.finish();
}

/** Throws ProtocolError. */
export function readWish(from: FieldReader): SubscriptionWish {
  const every = from.u32();
  const start = from.u16();
  const minutes = from.u16();
  const headers = Array.from(
    { length: from.u8() },
    () => [from.text(8, 255), from.text(16, VALUE_LIMIT)] as const,
  );
  const targets = Array.from({ length: from.u8() }, () => from.text(16, TARGET_LIMIT));
  const window = start === ANY_TIME && minutes === 0 ? undefined : { start, minutes };
  const wish = { every, window, headers, targets };
  const fault = faultOf(wish);
  if (fault !== undefined) throw new ProtocolError('FRAME_BAD_FIELD', fault);
  return wish;
}

export function encodeState({ code, text, next, left }: SubscriptionState): Uint8Array {
  const out = new FieldWriter().text(8, code, 64).sentence(text, TEXT_LIMIT);
  return out.u32(next).u32(left).finish();
}

/** Throws ProtocolError. */
export function readState(from: FieldReader): SubscriptionState {
  const code = from.text(8, 64);
  if (!/^[A-Z0-9_]*$/.test(code)) throw new ProtocolError('FRAME_BAD_FIELD', 'an error code is malformed');
  return { code, text: from.text(16, TEXT_LIMIT), next: from.u32(), left: from.u32() };
}

function faultOf({ every, window, headers, targets }: SubscriptionWish): string | undefined {
  if (every < 1) return 'a subscription without an interval';
  if (window !== undefined && (window.start >= DAY || window.minutes < 1 || window.minutes > DAY)) {
    return 'a window that is not in the day';
  }
  if (targets.length < 1 || targets.length > SUBSCRIPTION_TARGETS) {
    return `a subscription has 1 to ${SUBSCRIPTION_TARGETS} addresses`;
  }
  if (headers.length > SUBSCRIPTION_HEADERS) return `at most ${SUBSCRIPTION_HEADERS} header lines go along`;
  if (!targets.every((target) => /^\/[\x21-\x7e]*$/.test(target))) return 'an address is a path, and a query';
  if (!headers.every(isHeader)) return 'a header line is malformed';
  return undefined;
}

const isHeader = ([name, value]: readonly [string, string]): boolean =>
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && /^[\x20-\x7e\x80-\xff]*$/.test(value);
