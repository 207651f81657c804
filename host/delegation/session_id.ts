// The internal session id: the proxy's name for one delegated session, 32 hexadecimal digits in the host's memory.
import { fromHex, toHex } from './text.js';

export const SESSION_ID_BYTES = 16;

/** 32 lower-case hexadecimal digits. */
export type SessionId = string;

/** Stands for "no session yet": the proxy's own questions, and deliveries by clients that only log keys. */
export const NULL_SESSION_ID: SessionId = '0'.repeat(2 * SESSION_ID_BYTES);

/** The id in a `Deputy-Session` header or elsewhere in text; undefined when it is none, or the null id. */
export function parseSessionId(text: string): SessionId | undefined {
  return /^[0-9a-fA-F]{32}$/.test(text) && !/^0{32}$/.test(text) ? text.toLowerCase() : undefined;
}

export const sessionIdBytes = (id: SessionId): Uint8Array => fromHex(id);

export const sessionIdOf = (bytes: Uint8Array): SessionId => toHex(bytes);
