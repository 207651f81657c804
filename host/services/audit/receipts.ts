// The receipts that a client has kept: JSON lines, one for each response; and which log they are of.
import { DeputyError } from '../../delegation/error.js';

export interface KeptReceipt {
  /** HOST:PORT. */
  proxy: string;
  origin: string;
  /** Internal session id, hexadecimal. */
  session: string;
  /** Which response on that session, from 1. */
  response: number;
  status: number;
  bytesBefore: number;
  bytesAfter: number;
  services: string[];
  /** Running hash of the session's bodies, hexadecimal. */
  hash: string;
  /** Number of the entry in the proxy's audit log, and the chain's head after it. */
  entry: number;
  head: string;
}

/** Throws BAD_RECEIPTS naming the line. Receipts of a proxy that keeps no log (entry 0) are left out. */
export function parseReceipts(text: string): KeptReceipt[] {
  const receipts: KeptReceipt[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let value: Partial<KeptReceipt> | null = null;
    try {
      value = JSON.parse(line) as Partial<KeptReceipt>;
    } catch {
      // Said below.
    }
    const counts = [value?.response, value?.status, value?.bytesBefore, value?.bytesAfter, value?.entry];
    if (
      !counts.every((count) => Number.isSafeInteger(count) && count! >= 0) ||
      typeof value?.session !== 'string' ||
      !/^[0-9a-f]{64}$/.test(value.head ?? '')
    ) {
      throw new DeputyError(
        'BAD_RECEIPTS',
        `line ${index + 1} is no receipt that 'deputy get --receipts' wrote`,
      );
    }
    if (value.entry! > 0) receipts.push(value as KeptReceipt);
  }
  return receipts;
}

/**
 * Deals receipts to the logs of a proxy's workers: each to the log that speaks of its session. `of` is by log; `unknown`
 * are of sessions in none of them.
 */
export async function deal(
  receipts: readonly KeptReceipt[],
  logs: readonly AsyncIterable<Buffer>[],
): Promise<{ of: KeptReceipt[][]; unknown: KeptReceipt[] }> {
  const unknown = new Map<string, KeptReceipt[]>();
  for (const receipt of receipts)
    unknown.set(receipt.session, [...(unknown.get(receipt.session) ?? []), receipt]);
  const of: KeptReceipt[][] = [];
  for (const lines of logs) {
    const own: KeptReceipt[] = [];
    for await (const line of lines) {
      const session = SESSION.exec(line.toString('latin1'))?.[1] ?? '';
      own.push(...(unknown.get(session) ?? []));
      unknown.delete(session);
    }
    of.push(own);
  }
  return { of, unknown: [...unknown.values()].flat() };
}

/** Quotation marks in values are escaped, so that this is a member and nothing else. */
const SESSION = /"session":"([0-9a-f]{32})"/;
