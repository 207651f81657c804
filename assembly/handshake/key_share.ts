// Ephemeral (EC)DH for both versions: a fresh scalar per handshake, wiped with it.
// Constant-time in the scalar and the shared secret, as the curves are.
import { ecGenerateScalar, ecPublicKey, ecdh } from "../curve/ec";
import { Curve } from "../curve/field";
import { load16be } from "../memory";
import { Connection, GROUPS, SCALAR, handshakeArea } from "./connection";

/** Longest public value: an uncompressed P-384 point. */
export const SHARE_MAX: i32 = 97;

export function groupKnown(group: i32): i32 {
  return group == Curve.X25519 || group == Curve.P256 || group == Curve.P384 ? 1 : 0;
}

export function groupOffered(c: Connection, group: i32): i32 {
  for (let i = 0; i < c.handshake.groupCount; i++) {
    if (load16be(handshakeArea(c, GROUPS) + 2 * i) == group) return 1;
  }
  return 0;
}

/**
 * Writes the public value for `group` to `out` and returns its length. A scalar is drawn once per group: a retry for the
 * same group must repeat the very share (RFC 8446 §4.1.2).
 */
export function makeShare(c: Connection, group: i32, out: usize): i32 {
  const scalar = handshakeArea(c, SCALAR);
  if (c.handshake.scalarGroup != group) {
    const drawn = ecGenerateScalar(group, scalar);
    if (drawn < 0) return drawn;
    c.handshake.scalarGroup = group;
  }
  return ecPublicKey(group, out, scalar);
}

/** Shared secret of our scalar and the peer's public value; returns its length, or BadKeyShare. */
export function agree(c: Connection, group: i32, share: usize, length: i32, out: usize): i32 {
  return ecdh(group, out, handshakeArea(c, SCALAR), share, length);
}
