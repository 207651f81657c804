// What one client may take, for all clients and for those that have their own.
import type { ClientLimits } from '../../proxy/options.js';
import type { Kind } from './kinds.js';
import * as kind from './kinds.js';
import { at, camelCase, type Entry } from './option.js';

const KINDS: Readonly<Record<string, Kind<number>>> = {
  'max-sessions': kind.wholeNumber(65_535),
  'max-exchanges': kind.wholeNumber(65_535),
  'requests-per-second': kind.rate,
  'bytes-per-second': kind.bytes,
};

/** The options of one client, by the names that they have as options of all. */
export interface OwnLimits {
  maxSessions?: number;
  maxExchanges?: number;
  requestsPerSecond?: number;
  bytesPerSecond?: number;
}

/** `clients: { NAME: { max-sessions: 4 } }`: in a file alone. */
export const clients: Entry<Record<string, OwnLimits>> = {
  help: 'limits of single clients, by the name of their token or the common name of their certificate',
  placeholder: null,
  schema: {
    type: 'object',
    additionalProperties: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(KINDS).map(([name, { schema }]) => [name, schema])),
      additionalProperties: false,
    },
  },
  choices: undefined,
  fromFlag: () => ({}),
  fromFile: (value) =>
    Object.fromEntries(
      Object.entries(value as Record<string, Record<string, unknown>>).map(([client, limits]) => [
        client,
        Object.fromEntries(
          Object.entries(limits).map(([name, each]) => [
            camelCase(name),
            at([client, name], () => KINDS[name]!.parse(String(each))),
          ]),
        ),
      ]),
    ),
  show: (value) =>
    Object.fromEntries(
      Object.entries(value).map(([client, limits]) => [
        client,
        Object.fromEntries(
          Object.keys(KINDS)
            .map((name) => [name, limits[camelCase(name) as keyof OwnLimits]])
            .filter(([, each]) => each !== undefined),
        ),
      ]),
    ),
  reloads: true,
};

/** The limits of a client by its principal's name: its own, over those of all. */
export function limitsOf(
  principal: string,
  options: OwnLimits & { clients?: Record<string, OwnLimits> },
): ClientLimits & { exchanges?: number; requestsPerSecond?: number } {
  const own = ownOf(principal, options.clients ?? {});
  const { maxSessions, maxExchanges, requestsPerSecond, bytesPerSecond } = { ...options, ...own };
  return {
    ...(maxSessions !== undefined && { sessions: maxSessions }),
    ...(maxExchanges !== undefined && { exchanges: maxExchanges }),
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
    ...(bytesPerSecond !== undefined && { bytesPerSecond }),
  };
}

/** Principals are `token:NAME` and `certificate:NAME:FINGERPRINT`. */
function ownOf(principal: string, clients: Record<string, OwnLimits>): OwnLimits | undefined {
  const name = /^token:(.*)$|^certificate:(.*):[0-9a-f]{64}$/s.exec(principal);
  const key = name?.[1] ?? name?.[2];
  return key !== undefined && Object.hasOwn(clients, key) ? clients[key] : undefined;
}

/** Whether anything of it is a matter of requests, which only a service can hold back. */
export const boundsRequests = (options: OwnLimits & { clients?: Record<string, OwnLimits> }): boolean =>
  [options, ...Object.values(options.clients ?? {})].some(
    ({ maxExchanges, requestsPerSecond }) => maxExchanges !== undefined || requestsPerSecond !== undefined,
  );
