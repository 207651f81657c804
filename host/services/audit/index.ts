// Audit (R23): a log of what was requested and what was changed, whose entries are chained by their hashes.
import { DeputyError } from '../../delegation/error.js';
import type { Service } from '../service.js';
import { entryOf, observedEntry, tunnelEntry } from './entry.js';
import { AuditLog, type AuditLogOptions } from './log.js';
import { HEADERS, isSecretHeader } from './redaction.js';

export interface AuditOptions extends AuditLogOptions {
  /** Sessions end rather than go on unrecorded. Unless told, the proxy's log says so and they go on. */
  required?: boolean;
  /** Headers that are logged besides those of redaction.ts. */
  headers?: readonly string[];
  /** Logs the queries of URLs whole; unless told, the names in them alone. */
  query?: boolean;
}

/**
 * Opens the log and gives the service that writes it. Throws AUDIT_UNREADABLE, AUDIT_DAMAGED, or AUDIT_SECRET for a
 * header that is never logged.
 */
export async function audit({ required, headers = [], query, ...options }: AuditOptions): Promise<Service> {
  const secret = headers.find(isSecretHeader);
  if (secret !== undefined) {
    throw new DeputyError('AUDIT_SECRET', `the header '${secret}' holds secrets and is never logged`);
  }
  const log = await AuditLog.open(options);
  const allowed = {
    headers: new Set([...HEADERS, ...headers.map((name) => name.toLowerCase())]),
    keepsQuery: query === true,
  };
  return {
    name: 'audit',
    required: required === true,
    journal: (event, session) => log.append(entryOf(event, session, allowed)),
    tunnel: async (flow) => {
      if (flow.kind !== 'session') await log.append(tunnelEntry(flow));
      return undefined;
    },
    observed: async (exchange) => {
      await log.append(observedEntry(exchange, allowed));
    },
    close: () => log.close(),
  };
}
