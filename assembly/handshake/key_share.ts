// Ephemeral key exchange for both versions: a fresh secret per handshake, wiped with it.
// Constant-time in the secrets and in what is agreed on, as the curves and ML-KEM are.
import { ErrorCode } from "../alert";
import { ecGenerateScalar, ecPublicKey, ecdh } from "../curve/ec";
import { Curve } from "../curve/field";
import {
  ML_KEM_CIPHERTEXT, ML_KEM_KEY, ML_KEM_KEY_OFFSET, ML_KEM_PRIVATE_KEY, ML_KEM_SECRET, ML_KEM_SEED, mlKemDecapsulate, mlKemKeyPair,
} from "../kem/ml_kem_768";
import { load16be, wipe } from "../memory";
import { drbgGenerate } from "../prf/hmac_drbg";
import { Connection, GROUPS, SCALAR, claim, discard, handshakeArea } from "./connection";

/** Longest public value on a curve: an uncompressed P-384 point. */
export const SHARE_MAX: i32 = 97;
/** X25519 and ML-KEM-768 together (RFC 10024), of TLS 1.3 alone. */
export const X25519_ML_KEM_768: i32 = 4588;
const X25519_SIZE: i32 = 32;
/** The hybrid's share; the longest. */
export const HYBRID_SHARE: i32 = ML_KEM_KEY + X25519_SIZE;

const seed = memory.data(ML_KEM_SEED, 8);

export function groupKnown(group: i32): i32 {
  return group == Curve.X25519 || group == Curve.P256 || group == Curve.P384 || group == X25519_ML_KEM_768 ? 1 : 0;
}

export function groupOffered(c: Connection, group: i32): i32 {
  for (let i = 0; i < c.handshake.groupCount; i++) {
    if (load16be(handshakeArea(c, GROUPS) + 2 * i) == group) return 1;
  }
  return 0;
}

/**
 * The group whose share goes into the first ClientHello: the one that was chosen, or the dearest that is no hybrid. A hybrid's
 * share makes the hello too long for some paths, so a server that wants it asks for it by a HelloRetryRequest.
 */
export function firstShareGroup(c: Connection): i32 {
  const h = c.handshake;
  if (h.shareGroup != 0) return h.shareGroup;
  for (let i = 0; i < h.groupCount; i++) {
    const group = load16be(handshakeArea(c, GROUPS) + 2 * i);
    if (group != X25519_ML_KEM_768) return group;
  }
  return X25519_ML_KEM_768;
}

/**
 * Writes the public value for `group` to `out` and returns its length. A secret is drawn once per group: a retry for the
 * same group must repeat the very share (RFC 9846 §4.2.2).
 */
export function makeShare(c: Connection, group: i32, out: usize): i32 {
  const h = c.handshake;
  const scalar = handshakeArea(c, SCALAR);
  const curve = group == X25519_ML_KEM_768 ? Curve.X25519 : group;
  if (h.scalarGroup != group) {
    dropKemKey(c);
    const drawn = ecGenerateScalar(curve, scalar);
    if (drawn < 0) return drawn;
    if (group == X25519_ML_KEM_768) {
      const made = makeKemKey(c, out);
      if (made < 0) return made;
    }
    h.scalarGroup = group;
  }
  if (group != X25519_ML_KEM_768) return ecPublicKey(curve, out, scalar);
  // RFC 10024 §4.1: the encapsulation key, then X25519's public value.
  memory.copy(out, h.kemKey + ML_KEM_KEY_OFFSET, ML_KEM_KEY);
  const length = ecPublicKey(curve, out + ML_KEM_KEY, scalar);
  return length < 0 ? length : ML_KEM_KEY + length;
}

/** A key pair: the private half for us, the other at `out`. */
function makeKemKey(c: Connection, out: usize): i32 {
  const h = c.handshake;
  h.kemKey = claim(ML_KEM_PRIVATE_KEY);
  if (h.kemKey == 0) return ErrorCode.NoMemory;
  const drawn = drbgGenerate(seed, ML_KEM_SEED);
  if (drawn < 0) return drawn;
  const made = mlKemKeyPair(out, h.kemKey, seed);
  wipe(seed, ML_KEM_SEED);
  return made;
}

export function dropKemKey(c: Connection): void {
  discard(c.handshake.kemKey, ML_KEM_PRIVATE_KEY);
  c.handshake.kemKey = 0;
}

/** Shared secret of ours and the peer's public value, at most 64 bytes; returns its length, BadKeyShare, or NoMemory. */
export function agree(c: Connection, group: i32, share: usize, length: i32, out: usize): i32 {
  const scalar = handshakeArea(c, SCALAR);
  if (group != X25519_ML_KEM_768) return ecdh(group, out, scalar, share, length);
  // RFC 10024 §4.1, §4.2: a ciphertext and X25519's value in, both secrets in the same order out.
  if (length != ML_KEM_CIPHERTEXT + X25519_SIZE) return ErrorCode.BadKeyShare;
  const opened = mlKemDecapsulate(out, c.handshake.kemKey, share);
  dropKemKey(c);
  if (opened < 0) return opened;
  const agreed = ecdh(Curve.X25519, out + ML_KEM_SECRET, scalar, share + ML_KEM_CIPHERTEXT, X25519_SIZE);
  return agreed < 0 ? agreed : ML_KEM_SECRET + agreed;
}
