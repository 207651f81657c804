// Explains the key exchange messages of TLS 1.2 and before. They don't say which kind they are, but no two kinds begin alike.

import { groupName, schemeName } from '../../tls/names.js';
import type { Explainer } from './line.js';

const NAMED_CURVE = 3;

/** RFC 8422 §5.4; RFC 5246 §7.4.3: a prime's length of 1024 to 4096 bits never begins with the 3 of a named curve. */
export function serverKeyExchange(e: Explainer): void {
  if (e.peek(1) === NAMED_CURVE) {
    e.number(1, () => 'a named curve follows');
    e.number(2, (group) => `group ${groupName(group)}`);
    e.vector(1, (length) => `the server's ephemeral public key: ${length} bytes`, opaque);
  } else {
    e.vector(2, (length) => `prime of a finite field: ${8 * length} bits`, opaque);
    e.vector(2, () => 'its generator', opaque);
    e.vector(2, (length) => `the server's ephemeral public key: ${length} bytes`, opaque);
  }
  // Before TLS 1.2 the kind of certificate names the scheme.
  if (e.peek(2) !== e.left - 2) e.number(2, (scheme) => `signature scheme ${schemeName(scheme)}`);
  e.vector(2, (length) => `signature over both randoms and the key: ${length} bytes`, opaque);
}

/** RFC 8422 §5.7, RFC 5246 §7.4.7; SSL 3.0 leaves the length of an encrypted secret out (RFC 6101 §5.6.7.1). */
export function clientKeyExchange(e: Explainer): void {
  if (e.peek(1) === e.left - 1) {
    e.vector(1, (length) => `the client's ephemeral public key: ${length} bytes`, opaque);
  } else if (e.peek(2) === e.left - 2) {
    const what = "the secret, encrypted for the server's key, or the client's number of a finite field";
    e.vector(2, (length) => `${what}: ${length} bytes`, opaque);
  } else {
    e.field(e.left, "the secret, encrypted for the server's key");
  }
}

/** Bytes whose inside is not for a trace. */
export function opaque(e: Explainer): void {
  if (e.left > 0) e.field(e.left, '');
}
