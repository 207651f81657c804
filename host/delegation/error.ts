// Errors that both ends of the protocol raise, each with a code that stays the same from version to version.

/**
 * Every failure that Deputy raises on purpose. `code` is stable and fit for a `switch`; `message` says what happened
 * and, where there is something to do, what to do next. Neither ever holds a secret.
 */
export class DeputyError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DeputyError';
    this.code = code;
  }
}

/** What can be wrong with the bytes of the delegation protocol. */
export type ProtocolErrorCode =
  | 'FRAME_TOO_LONG'
  | 'FRAME_TRUNCATED'
  | 'FRAME_TRAILING_BYTES'
  | 'FRAME_BAD_FIELD'
  | 'FRAME_BAD_TEXT'
  | 'FRAME_AFTER_ERROR'
  | 'FRAME_BAD_ARGUMENT'
  | 'STREAM_CREDIT'
  | 'STREAM_UNKNOWN'
  | 'STREAM_CLOSED'
  | 'STREAM_LIMIT';

/** The peer (or, for FRAME_BAD_ARGUMENT, the caller) broke the delegation protocol. */
export class ProtocolError extends DeputyError {
  override readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(code, message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
