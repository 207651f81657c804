// What the client tells its observer: each step of the exchange, and the bytes of each TLS link.
// No event ever holds a secret, a key, a token or content.
import type { FrameType } from '../delegation/frame.js';
import type { Grant } from '../delegation/grant.js';
import type {
  Active,
  CipherChanged,
  Close,
  Deliver,
  ErrorMessage,
  Managed,
  Receipt,
  Returned,
  Tunnel,
  Welcome,
} from '../delegation/message.js';
import type { SessionId } from '../delegation/session_id.js';

/** Facts about a finished TLS handshake, all of them public. */
export interface TlsFacts {
  version: number;
  cipherSuite: number;
  alpn: string;
  resumed: boolean;
  /** SHA-256 of the peer's certificate. */
  certificateHash: Uint8Array;
}

/** A DELIVER without what must not be seen. */
export type DeliveryFacts = Omit<Deliver, 'secrets' | 'handshakeSecrets'> & {
  secretBytes: number;
  handshakeSecretBytes: number;
  /** The frame as sent, the secrets' bytes replaced by zeros. */
  maskedFrame: Uint8Array;
  /** Where in that frame the secret lay. */
  secretOffset: number;
};

export interface Origin {
  host: string;
  port: number;
}

export type Step =
  /** Roots of one kind of peer that the engine can't use, with the reason for each. */
  | { step: 'roots-skipped'; kind: Link['kind']; reasons: readonly string[] }
  | { step: 'main-session-open'; host: string; port: number; tls: TlsFacts }
  | { step: 'welcome'; welcome: Welcome }
  /** `tls` is that of the main session where the conduit is a stream of it. */
  | { step: 'conduit-open'; origin: Origin; tls: TlsFacts; stream: number | undefined }
  | { step: 'tunnel-open'; origin: Origin; sessionId: SessionId | undefined }
  | { step: 'origin-verified'; origin: Origin; sessionId: SessionId | undefined; tls: TlsFacts }
  | { step: 'delivered'; origin: Origin; grant: Grant; delivery: DeliveryFacts }
  | { step: 'active'; origin: Origin; active: Active }
  | { step: 'undelegated'; origin: Origin; reason: string }
  | { step: 'request-sent'; origin: Origin; method: string; path: string; reused: boolean }
  | { step: 'response'; origin: Origin; status: number }
  | { step: 'response-end'; origin: Origin; bytes: number }
  | { step: 'tunnel-asked'; tunnel: Tunnel }
  | { step: 'tunnel-granted'; tunnel: Tunnel; sessionId: SessionId }
  | { step: 'tunnel-denied'; tunnel: Tunnel; reason: string }
  | { step: 'cipher-changed'; message: CipherChanged }
  | { step: 'resumption-granted'; origin: Origin; uses: number }
  | { step: 'returned'; message: Returned }
  | { step: 'keys-released'; sessionId: SessionId }
  | { step: 'receipt'; message: Receipt }
  | { step: 'managed'; receipt: Managed }
  | { step: 'receipt-fault'; origin: Origin; sessionId: SessionId; reason: string }
  | { step: 'session-error'; message: ErrorMessage }
  | { step: 'session-closed'; message: Close }
  | { step: 'frame'; direction: Direction; type: FrameType; sessionId: SessionId; length: number };

export type Direction = 'sent' | 'received';

/**
 * Which TLS connection bytes belong to: one object a connection, the same in all its events. An origin's lies inside
 * its conduit.
 */
export interface Link {
  kind: 'main' | 'conduit' | 'origin';
  /** Host and port of the other end. */
  name: string;
  /** Of a conduit: the origin that it leads to. */
  leadsTo?: string;
}

export interface Observer {
  onStep?(step: Step): void;
  /** Bytes of a TLS link below its encryption: what a listener on that link sees. */
  onWire?(link: Link, direction: Direction, bytes: Uint8Array): void;
}
