// The files of one log: FILE.1, FILE.2 … as they were set aside, and FILE, which grows.
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DeputyError } from '../../delegation/error.js';
import { type Entry, FIRST_PREVIOUS, hashOf } from './entry.js';

/** Bytes of a line; no entry comes near it. */
export const LINE_LIMIT = 1 << 20;

const LINE_FEED = 10;

/** A log's name. */
export const LOG = /^[0-9a-f]{32}$/;

/** Set aside from `file`, the oldest first. */
export async function partsOf(file: string): Promise<{ number: number; file: string }[]> {
  const name = basename(file);
  const parts: { number: number; file: string }[] = [];
  for (const each of await readdir(dirname(file) || '.')) {
    const number = /^\.([1-9]\d{0,8})$/.exec(each.slice(name.length))?.[1];
    if (each.startsWith(name) && number !== undefined) {
      parts.push({ number: Number(number), file: join(dirname(file), each) });
    }
  }
  return parts.sort((one, other) => one.number - other.number);
}

/** Names of files that stand beside a log and are none. */
const BESIDE = /\.(end|end\.new|lock|\d+)$/;

/**
 * The logs that go by the name `file`: itself, and what workers and nodes beside it have written, FILE-1, FILE-2, FILE-NODE.
 * None where there is none.
 */
export async function logsOf(file: string): Promise<string[]> {
  const name = basename(file);
  const names = await readdir(dirname(file) || '.');
  const others = names.filter((each) => each.startsWith(`${name}-`) && !BESIDE.test(each)).sort();
  return [name, ...others].filter((each) => names.includes(each)).map((each) => join(dirname(file), each));
}

/** What the newest whole entry says of its place. */
export interface Place {
  /** Number of the last entry; 0 for none. */
  entry: number;
  /** Its hash. */
  head: string;
  /** The log's name; undefined where it has no entry yet. */
  log: string | undefined;
}

export interface Tail extends Place {
  /** Bytes of whole lines. */
  size: number;
  /** Bytes behind the last line feed. */
  lost: number;
}

/** The end of the log whose newest file `handle` is. Throws AUDIT_DAMAGED where the last line is no entry. */
export async function readTail(handle: FileHandle, file: string): Promise<Tail> {
  const stats = await handle.stat();
  const nothing = { entry: 0, head: FIRST_PREVIOUS, log: undefined };
  // A device can be written to and not be read.
  if (!stats.isFile()) return { ...nothing, size: 0, lost: 0 };
  const { line, lost } = await lastLine(handle, stats.size, file);
  const size = stats.size - lost;
  if (line !== undefined) return { ...placeOf(line, file), size, lost };
  const part = (await partsOf(file)).at(-1);
  return { ...(part === undefined ? nothing : await placeIn(part.file)), size, lost };
}

async function placeIn(file: string): Promise<Place> {
  const handle = await open(file, 'r');
  try {
    const { line } = await lastLine(handle, (await handle.stat()).size, file);
    if (line === undefined) throw damaged(file);
    return placeOf(line, file);
  } finally {
    await handle.close();
  }
}

function placeOf(line: Buffer, file: string): Place {
  try {
    const { entry, log } = JSON.parse(line.toString()) as Partial<Entry>;
    if (typeof entry === 'number' && Number.isSafeInteger(entry) && entry > 0 && LOG.test(log ?? ''))
      return { entry, head: hashOf(line), log };
  } catch {
    // Said below.
  }
  throw damaged(file);
}

const damaged = (file: string) =>
  new DeputyError(
    'AUDIT_DAMAGED',
    `the last line of ${file} is no entry of an audit log: see 'deputy audit verify', and name another file`,
  );

/** The last whole line, if there is one, and the bytes behind it. */
async function lastLine(
  handle: FileHandle,
  size: number,
  file: string,
): Promise<{ line: Buffer | undefined; lost: number }> {
  const length = Math.min(size, 2 * LINE_LIMIT);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, size - length + at);
    if (bytesRead === 0) throw damaged(file);
    at += bytesRead;
  }
  const end = bytes.lastIndexOf(LINE_FEED);
  if (end < 0) {
    if (size > LINE_LIMIT) throw damaged(file);
    return { line: undefined, lost: size };
  }
  const start = end === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, end - 1) + 1;
  return { line: bytes.subarray(start, end), lost: length - end - 1 };
}
