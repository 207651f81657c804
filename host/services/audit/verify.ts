// Whether a log is what it was when it was written: each line canonical, in its place, and bearing its predecessor's
// hash; and whether it still holds what clients have receipts of.
import { createReadStream } from 'node:fs';
import { canonical, type Json } from './canonical.js';
import { type End, readEnd } from './end.js';
import { type Entry, FIRST_PREVIOUS, hashOf } from './entry.js';
import { LINE_LIMIT, LOG } from './parts.js';
import type { KeptReceipt } from './receipts.js';

export interface Line {
  file: string;
  /** In its file, from 1. */
  number: number;
  bytes: Buffer;
  /** False for a last line without its line feed: cut short, or still being written. */
  whole: boolean;
}

/** The lines of `files`, one file after the other. A line beyond any entry's length comes in pieces. */
export async function* linesOf(
  files: readonly string[],
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<Line, void, void> {
  for (const file of files) {
    let rest: Buffer = Buffer.alloc(0);
    let number = 0;
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      onBytes(chunk.length);
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        yield { file, number: ++number, bytes: rest.subarray(start, end), whole: true };
        start = end + 1;
      }
      rest = rest.subarray(start);
      if (rest.length > LINE_LIMIT) {
        yield { file, number: ++number, bytes: rest, whole: true };
        rest = Buffer.alloc(0);
      }
    }
    if (rest.length > 0) yield { file, number: ++number, bytes: rest, whole: false };
  }
}

export interface Valid {
  valid: true;
  /** The log's name, hexadecimal; empty where it has no entry. */
  log: string;
  entries: number;
  /** Hash of the last entry, hexadecimal. */
  head: string;
  /** Bytes of a last line that is not whole: of a crash, or just being written. */
  unfinished: number;
  /** Whether FILE.end says that nothing is missing at the end. */
  endKnown: boolean;
  /** Receipts that fit. */
  receipts: { checked: number };
  /** Entries that could not be written, or were missing when the proxy began anew, as the log itself tells. */
  lost: number;
}

export interface Invalid {
  valid: false;
  file: string;
  line: number;
  why: string;
}

/** Reads the files of one log, the oldest first. Rejects where one can't be read. */
export async function verify(
  files: readonly string[],
  receipts: readonly KeptReceipt[] = [],
  onBytes?: (bytes: number) => void,
): Promise<Valid | Invalid> {
  const newest = files.at(-1) ?? '';
  const end = await readEnd(newest);
  if (end === null)
    return { valid: false, file: `${newest}.end`, line: 1, why: 'a proxy writes it otherwise' };
  const chain = new Chain(receipts, end);
  let last: Line | undefined;
  let unfinished = 0;
  for await (const line of linesOf(files, onBytes)) {
    const isLast = line.file === files.at(-1);
    if (!line.whole && isLast) {
      unfinished = line.bytes.length;
      continue;
    }
    last = line;
    const why = line.whole
      ? chain.next(line.bytes)
      : 'the last line of a file that was set aside is not whole';
    if (why !== undefined) return { valid: false, file: line.file, line: line.number, why };
  }
  const why = chain.end();
  if (why !== undefined)
    return { valid: false, file: last?.file ?? files.at(-1)!, line: last?.number ?? 0, why };
  const { log, entry, head, checked, lost } = chain;
  return {
    valid: true,
    ...{ log, entries: entry, head, unfinished },
    endKnown: end !== undefined,
    receipts: { checked },
    lost,
  };
}

interface Gap {
  /** Of `lost`. */
  entries?: number;
  /** Of `recovered`. */
  missing?: number;
}

interface Contents {
  responseContent?: { bytes: number }[];
  fromOrigin?: { bytes: number };
}

class Chain {
  log = '';
  entry = 0;
  head = FIRST_PREVIOUS;
  checked = 0;
  lost = 0;
  readonly #receipts = new Map<number, KeptReceipt[]>();
  #newest = 0;

  constructor(
    receipts: readonly KeptReceipt[],
    private readonly known: End | undefined,
  ) {
    for (const receipt of receipts) {
      const same = this.#receipts.get(receipt.entry) ?? [];
      this.#receipts.set(receipt.entry, [...same, receipt]);
      this.#newest = Math.max(this.#newest, receipt.entry);
    }
  }

  /** What is wrong with the next line; undefined for nothing. */
  next(bytes: Buffer): string | undefined {
    const fields = parsed(bytes);
    if (fields === undefined) return 'this is no entry';
    const { entry, previous, log } = fields;
    if (this.entry === 0) {
      if (entry !== 1)
        return `the log begins at entry ${entry}: older files are not here, or its beginning was removed`;
      if (previous !== FIRST_PREVIOUS) return 'the first entry carries the hash of another one before it';
      this.log = log;
    } else if (log !== this.log) {
      return `entry ${entry} is one of another log`;
    } else if (entry !== this.entry + 1) {
      return `entry ${entry} follows entry ${this.entry}`;
    } else if (previous !== this.head) {
      return `entry ${entry} does not bear the hash of the line before it: one of the two was changed`;
    }
    this.entry = entry;
    this.head = hashOf(bytes);
    const { entries = 0, missing = 0 } = fields as Entry & Gap;
    if (fields.kind === 'lost') this.lost += entries;
    if (fields.kind === 'recovered') this.lost += missing;
    if (this.known?.entry === entry && (this.known.head !== this.head || this.known.log !== log))
      return `entry ${entry} is another one than that which stands in the log's .end file`;
    for (const receipt of this.#receipts.get(entry) ?? []) {
      const why = this.#against(receipt, fields);
      if (why !== undefined) return why;
      this.checked++;
    }
    return undefined;
  }

  end(): string | undefined {
    if (this.#newest > this.entry) {
      return `the log ends at entry ${this.entry}, but a receipt speaks of entry ${this.#newest}: its end was cut off`;
    }
    if (this.known !== undefined && this.known.entry > this.entry)
      return `the log ends at entry ${this.entry}, but its .end file speaks of entry ${this.known.entry}: its end was cut off`;
    return undefined;
  }

  #against(receipt: KeptReceipt, fields: Entry): string | undefined {
    if (receipt.head !== this.head) {
      return `entry ${fields.entry} is another one than that of which session ${receipt.session} has a receipt`;
    }
    const isStream = fields.kind === 'streamed';
    const { fromOrigin, responseContent = [], status = 0 } = fields as Entry & Contents;
    const [before, after] = isStream ? [fromOrigin, fromOrigin] : responseContent;
    const agrees =
      (isStream || fields.kind === 'response') &&
      fields.session === receipt.session &&
      fields.number === receipt.response &&
      status === receipt.status &&
      before?.bytes === receipt.bytesBefore &&
      after?.bytes === receipt.bytesAfter;
    return agrees
      ? undefined
      : `entry ${fields.entry} tells something else than the receipt that session ${receipt.session} got for it`;
  }
}

/** A line that is an entry, written in the one way there is. */
function parsed(bytes: Buffer): Entry | undefined {
  const text = bytes.toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { entry, previous, log, time, kind } = value as Partial<Entry>;
  const isEntry =
    Number.isSafeInteger(entry) &&
    entry! > 0 &&
    typeof previous === 'string' &&
    /^[0-9a-f]{64}$/.test(previous) &&
    LOG.test(log ?? '') &&
    typeof kind === 'string' &&
    typeof time === 'string';
  // Two texts of one value would have two hashes, and duplicate members two values.
  return isEntry && canonical(value as Json) === text && Buffer.from(text).equals(bytes)
    ? (value as Entry)
    : undefined;
}
