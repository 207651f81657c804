// Where secrets may lie. V8 keeps the bytes of a typed array of up to 64 in its own heap: the collector moves them, and so
// does native code that asks for their address, and both leave a copy behind that nobody can wipe. The memory of an
// ArrayBuffer that was made by itself is outside and stays in its place.

/** Zeros, which can be wiped for good once a secret has been there. */
export const secretBytes = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new ArrayBuffer(length));

/** A copy that can be wiped for good. The caller wipes the original. */
export function copySecret(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = secretBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

/** All parts in one piece, which can be wiped for good. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = secretBytes(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
