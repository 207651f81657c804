// A stored response: its head as the origin sent it, its head and body as the client got them, and its freshness.

import { HeaderList } from '../../http/header_list.js';
import { now } from './clock.js';
import { splitList } from './directives.js';
import { Freshness, type FreshnessRecord } from './freshness.js';

export interface Entry {
  status: number;
  reason: string;
  /** What the client got, without hop-by-hop fields. */
  headers: HeaderList;
  /** What the origin sent: its validators are good for asking the origin again. */
  received: HeaderList;
  /** Services have changed it, so that header fields about the bytes are no longer the origin's. */
  changed: boolean;
  body: Uint8Array;
  freshness: Freshness;
  /**
   * Made of several responses, the answer is good until then, and afterwards made anew: to ask its origin whether it
   * still is would say nothing of the others. Unix milliseconds.
   */
  until: number | undefined;
  /** Unix milliseconds. */
  storedAt: number;
}

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** RFC 9111 §3.1: what may be stored of a head. */
export function storedHeaders(headers: HeaderList): HeaderList {
  const kept = headers.clone();
  for (const name of [...splitList(headers.get('connection') ?? ''), ...HOP_BY_HOP]) kept.delete(name);
  return kept;
}

/** RFC 9111 §3.2: a 304 does not speak of these. The validators are those that it confirmed. */
const OF_THE_BYTES = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
]);

/** The head after a 304, or the answer to HEAD, that confirmed it. */
export function mergeHeaders(stored: HeaderList, update: HeaderList, changed: boolean): HeaderList {
  const merged = stored.clone();
  const names = new Set([...storedHeaders(update)].map(([name]) => name.toLowerCase()));
  for (const name of names) {
    if (OF_THE_BYTES.has(name) || (changed && /^(content-|last-modified$|vary$)/.test(name))) continue;
    const [first, ...others] = update.all(name);
    merged.set(name, first!);
    for (const value of others) merged.append(name, value);
  }
  return merged;
}

interface EntryRecord {
  version: 2;
  status: number;
  reason: string;
  headers: [string, string][];
  received: [string, string][];
  changed: boolean;
  freshness: FreshnessRecord;
  until?: number;
  storedAt: number;
}

/** Milliseconds that the clocks of processes that share a store may be apart. */
const FUTURE = 60_000;

/** Length of the description (u32), the description as JSON, the body. */
export function encodeEntry(entry: Entry): Buffer {
  const { status, reason, changed, until, storedAt } = entry;
  const lines = (headers: HeaderList) =>
    [...headers].map(([name, value]) => [name, value] as [string, string]);
  const record: EntryRecord = {
    version: 2,
    status,
    reason,
    headers: lines(entry.headers),
    received: entry.changed ? lines(entry.received) : [],
    changed,
    freshness: entry.freshness.toRecord(),
    ...(until !== undefined && { until }),
    storedAt,
  };
  const text = Buffer.from(JSON.stringify(record));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, entry.body]);
}

/** Undefined for bytes that are no entry: a store is not trusted to give back what it was given. */
export function decodeEntry(bytes: Buffer): Entry | undefined {
  try {
    const end = 4 + bytes.readUInt32BE(0);
    if (end > bytes.length) return undefined;
    const record = JSON.parse(bytes.toString('utf8', 4, end)) as EntryRecord;
    const { version, status, reason, changed, until, storedAt } = record;
    if (version !== 2 || !Number.isInteger(status) || status < 200 || status > 599) return undefined;
    if (typeof reason !== 'string' || typeof storedAt !== 'number') return undefined;
    // The clock was set back before this process began: nobody can tell how old it is.
    if (storedAt > now() + FUTURE) return undefined;
    if (until !== undefined && typeof until !== 'number') return undefined;
    const headers = new HeaderList(record.headers);
    return {
      status,
      reason,
      headers,
      received: changed ? new HeaderList(record.received) : headers,
      changed: changed === true,
      body: bytes.subarray(end),
      freshness: Freshness.from(record.freshness),
      until,
      storedAt,
    };
  } catch {
    return undefined;
  }
}
