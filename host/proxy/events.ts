// What an observer can follow of a proxy: each step of each session, and never a secret.
import { EventEmitter } from 'node:events';
import type { GrantName } from '../delegation/grant.js';
import type { SessionId } from '../delegation/session_id.js';

/** Bytes on each side of a session; the TLS between client and proxy is not counted. */
export interface Traffic {
  fromClient: number;
  toClient: number;
  fromOrigin: number;
  toOrigin: number;
}

export interface ProxyEvents {
  /** A TLS handshake with a client is done: its time, from the first byte on. */
  connection: [{ kind: 'main' | 'conduit'; resumed: boolean; milliseconds: number }];
  /** R1: a main session greeted. */
  mainSession: [{ principal: string; device: string; resumed: boolean }];
  mainSessionClosed: [{ principal: string }];
  /** R3 to R5: a tunnel stands. `sessionId` is null for a blind one. */
  tunnel: [
    {
      principal: string;
      host: string;
      port: number;
      address: string;
      sessionId: SessionId | null;
      leg: string | null;
    },
  ];
  /** A request for a tunnel was turned down. */
  refused: [{ principal: string | null; target: string; status: number; reason: string }];
  /** R6: what the relaying proxy saw of the handshake, which is all that anybody on the path can see. */
  handshake: [{ sessionId: SessionId; tlsVersion: string; cipherSuite: string; serverName: string }];
  /** R7, R8. `records` are those relayed blindly before the change. */
  active: [
    {
      sessionId: SessionId;
      grant: GrantName;
      leg: 'open' | 'mirror' | 'other';
      clientRecords: number;
      originRecords: number;
      /** Why the session is not verified; null where it is. */
      unverified: string | null;
      /** The device that delivered. */
      device: string;
      /** From the delivery on. */
      milliseconds: number;
    },
  ];
  /** A delivery that made no session active. */
  deliveryRefused: [{ sessionId: SessionId; code: string }];
  /** R9: the proxy reads a request. */
  request: [{ sessionId: SessionId; method: string; url: string }];
  /** R10, R14. Bytes of the body, before and after the services. */
  response: [
    {
      sessionId: SessionId;
      status: number;
      services: readonly string[];
      bytesBefore: number;
      bytesAfter: number;
    },
  ];
  /** R12. */
  cipherChanged: [{ sessionId: SessionId; change: string }];
  /** R13: the proxy asks for another origin. */
  otherOrigin: [{ forSession: SessionId; requestId: number; host: string; port: number }];
  /** The answer of such an origin, and the bytes of its body. */
  otherResponse: [{ sessionId: SessionId; status: number; bytes: number }];
  /** R11: a further connection stands. `left`: how many more the client has granted. */
  furtherConnection: [{ sessionId: SessionId; host: string; port: number; left: number }];
  /** A session that was observed is over. `unread`: records that it was not given the keys of, or could not keep. */
  observed: [{ sessionId: SessionId; exchanges: number; unread: number }];
  /** The client took its epoch back, or had to: the session is relayed blindly again. */
  returned: [{ sessionId: SessionId; code: string }];
  /** R25: an address of a subscription was fetched; status 0 where nothing came. */
  prefetched: [{ sessionId: SessionId; client: string; target: string; status: number }];
  denied: [{ requestId: number; reason: string }];
  /** The session is over and its secrets are wiped. `code` is CLOSED after an orderly end. */
  closed: [{ sessionId: SessionId; code: string; traffic: Traffic }];
}

export type ProxyEventEmitter = EventEmitter<ProxyEvents>;
export const proxyEvents = (): ProxyEventEmitter => new EventEmitter<ProxyEvents>();
