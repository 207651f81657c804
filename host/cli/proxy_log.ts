// The proxy's log as JSON lines. Loaded only where a proxy runs.
import { pino } from 'pino';
import type { Log } from '../proxy/log.js';

/** No caller logs secrets; should one ever try, these names are blotted out. */
const SECRET_FIELDS = ['token', 'secret', 'secrets', 'key', 'password', 'authorization', 'binding'];

export function logTo(stream: NodeJS.WritableStream, level: string): Log {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]);
  return pino({ level, base: null, redact: { paths, censor: '[redacted]' } }, stream);
}
