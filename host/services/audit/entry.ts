// The entries of an audit log: each a line of canonical JSON that carries the hash of the line before it.
import { createHash } from 'node:crypto';
import type { JournalContent, JournalSession, SessionEvent } from '../journal.js';
import type { ObservedBody, ObservedExchange, OriginIdentity, TunnelFlow } from '../service.js';
import type { Json } from './canonical.js';
import { allowedHeaders, loggedUrl } from './redaction.js';

/** What an entry says, before it has its place in the chain. */
export interface EntryFields {
  readonly kind: string;
  readonly [field: string]: Json;
}

/** An entry in its place. */
export interface Entry extends EntryFields {
  /** From 1, without a gap, across all files of a log. */
  readonly entry: number;
  /** SHA-256 of the line before it, without its line feed; zeros for the first. Hexadecimal. */
  readonly previous: string;
  /** The log that it belongs to: 16 bytes, hexadecimal. */
  readonly log: string;
  /** ISO 8601, UTC. */
  readonly time: string;
}

export const FIRST_PREVIOUS = '0'.repeat(64);

/** The hash of an entry: SHA-256 of its line without the line feed, hexadecimal. */
export const hashOf = (line: string | Uint8Array): string => createHash('sha256').update(line).digest('hex');

export interface EntryOptions {
  /** Names in lower case of the headers that are logged. */
  headers: ReadonlySet<string>;
  /** Whether queries of URLs are logged with their values. */
  keepsQuery: boolean;
}

export function entryOf(event: SessionEvent, session: JournalSession, options: EntryOptions): EntryFields {
  const common = { session: session.sessionId, client: session.client, ...markOf(session.origin) };
  switch (event.kind) {
    case 'opened': {
      const { host, port, serverName, certificate } = session.origin;
      return {
        kind: event.kind,
        ...common,
        origin: { host, port, serverName, certificate },
        grant: session.grant,
        leg: session.leg,
        tls: session.protocolVersion,
        suite: session.cipherSuite,
      };
    }
    case 'request':
      return {
        kind: event.kind,
        ...common,
        number: event.number,
        method: event.method,
        url: loggedUrl(event.url, options.keepsQuery),
        headers: allowedHeaders(event.headers, options.headers),
      };
    case 'response':
      return {
        kind: event.kind,
        ...common,
        number: event.number,
        method: event.method,
        url: loggedUrl(event.url, options.keepsQuery),
        status: event.status,
        headers: allowedHeaders(event.headers, options.headers),
        requestChangedBy: event.requestServices,
        changedBy: event.services,
        requestContent: event.request.map(content),
        responseContent: event.response.map(content),
        whole: event.whole,
        milliseconds: event.milliseconds,
      };
    case 'stream':
      return { kind: event.kind, ...common };
    case 'streamed':
      return {
        kind: event.kind,
        ...common,
        number: event.number,
        fromClient: content(event.fromClient),
        fromOrigin: content(event.fromOrigin),
        whole: event.whole,
        milliseconds: event.milliseconds,
      };
    case 'closed':
      return { kind: event.kind, ...common, code: event.code };
  }
}

/** An exchange that the proxy read and did not touch. */
export function observedEntry(exchange: ObservedExchange, options: EntryOptions): EntryFields {
  const { request, response } = exchange;
  const of = ({ length, hash }: ObservedBody) => content({ bytes: length, sha256: hash });
  return {
    kind: 'observed',
    session: exchange.sessionId,
    client: exchange.client,
    ...markOf(exchange.origin),
    when: exchange.when,
    method: request.method,
    url: loggedUrl(request.url, options.keepsQuery),
    requestHeaders: allowedHeaders(request.headers, options.headers),
    requestContent: [of(request.body)],
    status: response?.status ?? 0,
    headers: response === undefined ? [] : allowedHeaders(response.headers, options.headers),
    responseContent: response === undefined ? [] : [of(response.body)],
    whole: request.body.whole && response?.body.whole === true,
  };
}

/** Bytes passed that the proxy did not read. */
export const tunnelEntry = ({ kind, client, host, port, sessionId }: TunnelFlow): EntryFields => ({
  kind: 'tunnel',
  ...(sessionId !== undefined && { session: sessionId }),
  client,
  origin: { host, port },
  unread: kind,
});

/** What the proxy could not check itself is no more than the client's word: each entry of such a session says so. */
const markOf = ({ verified, unverified = 'the client says so' }: OriginIdentity) =>
  verified ? {} : { unverified };

const content = ({ bytes, sha256 }: JournalContent) => ({
  bytes,
  sha256: Buffer.from(sha256).toString('hex'),
});
