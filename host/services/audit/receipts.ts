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
  verified: boolean;
  /** Running hash of the session's bodies, hexadecimal. */
  hash: string;
  /** Of the log that tells of it, hexadecimal. */
  log: string;
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
      !/^[0-9a-f]{32}$/.test(value.log ?? '') ||
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

/** Deals receipts to logs by the names of these: `of` is by log; `unknown` are of logs that are not among them. */
export function deal(
  receipts: readonly KeptReceipt[],
  logs: readonly string[],
): { of: KeptReceipt[][]; unknown: KeptReceipt[] } {
  return {
    of: logs.map((log) => receipts.filter((receipt) => receipt.log === log)),
    unknown: receipts.filter((receipt) => !logs.includes(receipt.log)),
  };
}
