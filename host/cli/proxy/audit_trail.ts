// The newest entries of the audit logs, for the operator's page.
import { open } from 'node:fs/promises';
import type { AuditTrail } from '../../operator/operated.js';
import { hashOf } from '../../services/audit/entry.js';
import { shown } from '../audit_lines.js';

const TAIL_BYTES = 65_536;

/** Of one log, or of each worker's. One that is not there yet has no entries. */
export function auditTrail(files: readonly string[]): AuditTrail {
  return {
    async tail(count) {
      const logs = await Promise.all(files.map((file) => lastLines(file).catch(() => [])));
      const entries = logs.flatMap((lines) =>
        lines.slice(-count).map((line) => ({ at: timeOf(line), text: shown(line, false) })),
      );
      return {
        heads: logs.flatMap((lines) => lines.slice(-1).map(hashOf)),
        entries: entries.sort((one, other) => one.at - other.at).slice(-count),
      };
    },
  };
}

async function lastLines(file: string): Promise<string[]> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    await handle.read(buffer, 0, buffer.length, start);
    const lines = buffer.toString('utf8').split('\n').slice(0, -1);
    // The first one may have begun before.
    return start > 0 ? lines.slice(1) : lines;
  } finally {
    await handle.close();
  }
}

function timeOf(line: string): number {
  const time = /"time":"([^"]{20,30})"/.exec(line)?.[1];
  return Date.parse(time ?? '') || 0;
}
