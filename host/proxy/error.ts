// What can go wrong with one session. The code goes to the client in an ERROR frame; the proxy itself stays up.
import { Alert } from '../../assembly/alert.js';
import { DeputyError } from '../delegation/error.js';
import { DecodeError } from '../tls/fields.js';

export type SessionErrorCode =
  // The delivery
  | 'UNKNOWN_SESSION'
  | 'ALREADY_DELIVERED'
  | 'TOO_LATE'
  | 'BAD_BINDING'
  | 'HANDSHAKE_MISMATCH'
  | 'LEG_MISMATCH'
  | 'UNSUPPORTED_VERSION'
  | 'UNSUPPORTED_SUITE'
  | 'GRANT_UNSUPPORTED'
  | 'BAD_SECRETS'
  | 'WRONG_SECRET'
  | 'RECORDS_MISSING'
  | 'RECORDS_EXCEEDED'
  | 'SENT_BEFORE_ACTIVE'
  | 'NOT_DELEGABLE'
  | 'DELIVERY_TIMEOUT'
  | 'UNDELIVERED'
  // The records
  | 'NOT_TLS'
  | 'RECORD_OVERFLOW'
  | 'BAD_RECORD_MAC'
  | 'UNEXPECTED_MESSAGE'
  | 'DECODE_ERROR'
  | 'SEQUENCE_EXHAUSTED'
  | 'TRUNCATED'
  | 'PEER_ALERT'
  // HTTP
  | 'BAD_REQUEST'
  | 'BAD_RESPONSE'
  | 'SERVICE_FAILED'
  | 'AUDIT_FAILED'
  | 'STREAM_REFUSED'
  | 'HTTP2_UNSUPPORTED'
  // Other origins (R13)
  | 'ADDRESS_REFUSED'
  | 'TUNNEL_DENIED'
  | 'TUNNEL_TIMEOUT'
  | 'TUNNEL_REFUSED'
  // Further connections (R11)
  | 'RESUMPTION_REFUSED'
  | 'RESUMPTION_SPENT'
  | 'NOT_RESUMED'
  | 'END_UNPROVED'
  // The ends
  | 'CLIENT_GONE'
  | 'ORIGIN_GONE'
  | 'IDLE'
  | 'REVOKED'
  | 'EXPIRED'
  | 'KEY_UPDATE'
  | 'KEY_WORN'
  | 'STOPPING'
  | 'ENDED'
  | 'LIMIT';

const ALERTS: Partial<Record<SessionErrorCode, Alert>> = {
  WRONG_SECRET: Alert.BadRecordMac,
  BAD_RECORD_MAC: Alert.BadRecordMac,
  RECORD_OVERFLOW: Alert.RecordOverflow,
  UNEXPECTED_MESSAGE: Alert.UnexpectedMessage,
  DECODE_ERROR: Alert.DecodeError,
  NOT_TLS: Alert.DecodeError,
};

/** A session fails. `alert` goes to the peer whose bytes were wrong, where keys allow. */
export class SessionError extends DeputyError {
  override readonly code: SessionErrorCode;
  readonly alert: Alert;
  /** For PEER_ALERT: what the peer sent. Nothing is sent back. */
  readonly received: number | undefined;
  #side: 'client' | 'origin' | undefined;

  constructor(code: SessionErrorCode, message: string, options: { received?: number; cause?: unknown } = {}) {
    super(code, message, options);
    this.name = 'SessionError';
    this.code = code;
    this.alert = ALERTS[code] ?? Alert.InternalError;
    this.received = options.received;
  }

  /** Whose bytes were wrong, where that is known. */
  get side(): 'client' | 'origin' | undefined {
    return this.#side;
  }

  /** Says whose bytes were wrong; who said so first is right. */
  blame(side: 'client' | 'origin'): void {
    this.#side ??= side;
  }
}

/** The session's own error, or `code` around anything else. */
export function sessionError(error: unknown, code: SessionErrorCode): SessionError {
  if (error instanceof SessionError) return error;
  if (error instanceof DecodeError) return new SessionError('DECODE_ERROR', error.message, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new SessionError(code, message, { cause: error });
}

/** Of a delivery for a session that takes none any more. */
export const undeliverable = (state: string): SessionError =>
  state === 'undelegated' || state === 'closed'
    ? new SessionError('TOO_LATE', 'the delivery came too late: the session goes on, or is over, without it')
    : new SessionError('ALREADY_DELIVERED', 'this session has been delivered before');
