// The proxy's log: JSON lines, or text for people. Loaded only where a proxy runs.
import { pino } from 'pino';
import type { ProxyEventEmitter } from '../proxy/events.js';
import type { Log } from '../proxy/log.js';

/** No caller logs secrets; should one ever try, these names are blotted out. */
const SECRET_FIELDS = [
  'token',
  'secret',
  'secrets',
  'key',
  'keys',
  'password',
  'authorization',
  'cookie',
  'ticket',
  'psk',
  'binding',
];

export interface LogOptions {
  format?: 'json' | 'text';
  /** Stands in every line. */
  base?: Readonly<Record<string, unknown>>;
}

/** A log whose level may be set anew. */
export type ProxyLog = Log & { level: string };

export async function logTo(
  stream: NodeJS.WritableStream & { isTTY?: boolean },
  level: string,
  { format = 'json', base }: LogOptions = {},
): Promise<ProxyLog> {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = { level, base: base ?? null, redact: { paths, censor: '[redacted]' } };
  if (format === 'json') {
    const lines: ProxyLog = pino(options, stream);
    return lines;
  }
  const { textLines } = await import('./log_text.js');
  const text: ProxyLog = pino(options, textLines(stream));
  return text;
}

/**
 * A line for each exchange, named by its session and its number there. Neither path nor query is logged: both may hold
 * what only the client and the origin should know.
 */
export function logExchanges(events: ProxyEventEmitter, log: Log): void {
  const under = new Map<string, { number: number; method: string; began: number }>();
  events.on('request', ({ sessionId, method }) => {
    const last = under.get(sessionId);
    if (last === undefined) under.set(sessionId, { number: 1, method, began: performance.now() });
    else Object.assign(last, { number: last.number + 1, method, began: performance.now() });
  });
  events.on('response', ({ sessionId, status, services, bytesBefore, bytesAfter }) => {
    if (log.isLevelEnabled?.('info') === false) return;
    const { number = 0, method = '', began = performance.now() } = under.get(sessionId) ?? {};
    const milliseconds = Math.round(performance.now() - began);
    const request = `${sessionId}.${number}`;
    log.info({ request, method, status, services, bytesBefore, bytesAfter, milliseconds }, 'exchange done');
  });
  events.on('closed', ({ sessionId, code, traffic }) => {
    log.info({ session: sessionId, code, ...traffic }, 'session over');
    under.delete(sessionId);
  });
  events.on('refused', ({ principal, status, reason }) => {
    log.info({ principal, status, reason }, 'tunnel refused');
  });
}
