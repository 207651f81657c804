// What a proxy tells, step by step, to the services that keep a journal of it.
import type { GrantName } from '../delegation/grant.js';
import type { HeaderList } from '../http/header_list.js';
import type { OriginIdentity } from './origin_identity.js';

/** The delegated session that an event belongs to: the same object in all its events. */
export interface JournalSession {
  /** Internal session id, hexadecimal. */
  readonly sessionId: string;
  /** Name of the admitted client. */
  readonly client: string;
  readonly origin: OriginIdentity;
  readonly grant: GrantName;
  /**
   * How the client's leg is protected; `other` for a session that the proxy uses itself (R13), `further` for a connection
   * that it opened by resumption of the session (R11).
   */
  readonly leg: 'open' | 'mirror' | 'other' | 'further';
  /** TLS version number: 0x0303, 0x0304 … */
  readonly protocolVersion: number;
  readonly cipherSuite: number;
}

/** Content without transfer framing, but still with its Content-Encoding. */
export interface JournalContent {
  readonly bytes: number;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
}

export type SessionEvent =
  /** The session was delivered; its client is not told so before this is recorded. */
  | { readonly kind: 'opened' }
  /** A request as the client (or, for `other`, the proxy) made it; nothing of it has gone on yet. */
  | {
      readonly kind: 'request';
      /** Which request on this session, from 1; 0 for one more that the proxy makes by itself. */
      readonly number: number;
      readonly method: string;
      readonly url: string;
      readonly headers: HeaderList;
    }
  /** Its answer has gone out, or broken off; the client gets its RECEIPT after this. */
  | {
      readonly kind: 'response';
      readonly number: number;
      readonly method: string;
      readonly url: string;
      /** 0 where no head came. */
      readonly status: number;
      /** As they went out. */
      readonly headers: HeaderList;
      /** Who changed the request, and who the response or made it. */
      readonly requestServices: readonly string[];
      readonly services: readonly string[];
      /** As it came, and as it went on. */
      readonly request: readonly [before: JournalContent, after: JournalContent];
      readonly response: readonly [before: JournalContent, after: JournalContent];
      /** False where it was cut short. */
      readonly whole: boolean;
      readonly milliseconds: number;
    }
  /** From here on plain bytes pass: no HTTP, or no longer. */
  | { readonly kind: 'stream' }
  /** They have ended, in order or not. */
  | {
      readonly kind: 'streamed';
      readonly number: number;
      readonly fromClient: JournalContent;
      readonly fromOrigin: JournalContent;
      readonly whole: boolean;
      readonly milliseconds: number;
    }
  /** CLOSED after an orderly end. */
  | { readonly kind: 'closed'; readonly code: string };

/** Where an event stands in a hash chain; goes to the client in its RECEIPT. */
export interface JournalMark {
  /** Which log: 16 bytes, drawn when it was begun. */
  readonly log: Uint8Array;
  /** Number of the entry in the whole journal, from 1. */
  readonly entry: number;
  /** The chain's head after it. 32 bytes. */
  readonly head: Uint8Array;
}
