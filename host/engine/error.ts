// Errors of the TLS engine: the wasm program's numbers become stable codes and sentences.
import { Alert, ErrorCode } from '../../assembly/alert.js';
import { alertAdvice, type ErrorName, errorText } from './error_text.js';

/** A failed call into the wasm program. `code` is stable; the message says what to do next and holds no secret. */
export class TlsError extends Error {
  /** `TLS_` and the name from the program's table: `TLS_UNKNOWN_CA`, `TLS_PEER_ALERT`, `TLS_TRUNCATED` … */
  readonly code: string;
  /** The alert that ends the connection: the one received where the peer sent it, else the one we send. */
  readonly alert?: number;

  constructor(code: string, message: string, alert?: number, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TlsError';
    this.code = code;
    if (alert !== undefined) this.alert = alert;
  }
}

/** `UnknownCa` → `UNKNOWN_CA` */
const upperSnake = (name: string) => name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();

/** `UnknownCa` → `unknown_ca`, as the RFCs write it. */
export const alertName = (alert: number): string =>
  Alert[alert] === undefined ? `alert ${alert}` : upperSnake(Alert[alert]).toLowerCase();

export const errorCode = (name: ErrorName): string => `TLS_${upperSnake(name)}`;

/** Makes the error for a negative result of the wasm program. */
export function tlsError(result: number, context = ''): TlsError {
  const where = context === '' ? '' : `${context}: `;
  const name = ErrorCode[result];
  if (name === undefined) {
    const alert = ErrorCode.PeerAlert - result;
    if (alert > 0 && alert < 256) return peerAlert(alert, where);
    return new TlsError('TLS_INTERNAL', `${where}${errorText.Internal} (${result})`);
  }
  if (result === ErrorCode.PeerAlert) return peerAlert(Alert.CloseNotify, where);
  const known = name as ErrorName;
  // The number carries its alert (assembly/alert.ts); Truncated is the transport's and has none.
  const alert = result > ErrorCode.PeerAlert ? -result >> 8 : undefined;
  return new TlsError(errorCode(known), where + errorText[known], alert);
}

function peerAlert(alert: number, where: string): TlsError {
  const advice = alertAdvice[alert];
  const text = `${where}${errorText.PeerAlert} ${alertName(alert)} (${alert})${advice ? `: ${advice}` : ''}.`;
  return new TlsError('TLS_PEER_ALERT', text, alert);
}

/** The result itself where it is no error. Throws TlsError. */
export function checked(result: number, context?: string): number {
  if (result < 0) throw tlsError(result, context);
  return result;
}
