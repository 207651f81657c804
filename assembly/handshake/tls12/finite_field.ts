// Ephemeral Diffie-Hellman in the finite field that the server brings (RFC 5246 §7.4.3, §8.1.2). Legacy.
//
// Constant-time in our exponent. The shared secret loses its leading zeros, as TLS before 1.3 has it, so that its length shows
// in the time of the PRF (the attack called Raccoon): our exponent is fresh for each handshake, which makes that of no use.
//
// No group is offered by its number (RFC 7919 §3): a server could then only choose among them, and one that likes its fields
// large would cost a Cortex-M7 4.4 billion instructions by ffdhe8192, 0.2 by ffdhe2048. What it brings unasked is taken.
import { ErrorCode } from "../../alert";
import { equalBytes } from "../../memory";
import { drbgGenerate } from "../../prf/hmac_drbg";
import { FiniteFieldGroup, finiteFieldPower, finiteFieldPrime } from "../../rsa/finite_field";
import { bitLength } from "../../rsa/modular";
import { Connection, FINITE_FIELD_MAX, SCALAR, claimExchange, handshakeArea, ourShare, premaster } from "../connection";

const LEAST_BITS: i32 = 2048;
/** What servers of old bring: within reach of states, as Logjam's authors have it. */
const LEAST_BITS_LEGACY: i32 = 1024;
const MOST_BITS: i32 = FINITE_FIELD_MAX * 8;

/**
 * Draws our exponent, and makes our public value and the premaster secret. 0, or InsufficientSecurity for a short prime,
 * IllegalParameter for a long or even one or a value outside 2..p-2 (RFC 7919 §5.1), NoEntropy, NoMemory. Whether p is prime
 * is not proved: the server has signed it, and the groups of RFC 7919 are known by name.
 */
export function agreeFiniteField(
  c: Connection, p: usize, pLength: i32, g: usize, gLength: i32, share: usize, shareLength: i32,
): i32 {
  const h = c.handshake;
  const bits = bitLength(p, pLength);
  if (bits < (c.legacy ? LEAST_BITS_LEGACY : LEAST_BITS)) return ErrorCode.InsufficientSecurity;
  if (bits > MOST_BITS) return ErrorCode.IllegalParameter;
  const claimed = claimExchange(c);
  if (claimed < 0) return claimed;
  c.group = groupOf(p, pLength, g, gLength, premaster(c));
  // Twice the strength of the field, and more (RFC 7919 §5.2).
  const length = bits <= 2048 ? 32 : bits <= 6144 ? 48 : 52;
  const exponent = handshakeArea(c, SCALAR);
  const drawn = drbgGenerate(exponent, length);
  if (drawn < 0) return drawn;
  h.ourShareLength = finiteFieldPower(ourShare(c), p, pLength, g, gLength, exponent, length);
  if (h.ourShareLength < 0) return h.ourShareLength;
  const secret = premaster(c);
  const size = finiteFieldPower(secret, p, pLength, share, shareLength, exponent, length);
  if (size < 0) return size;
  let zeros = 0;
  while (zeros < size - 1 && load<u8>(secret + zeros) == 0) zeros++;
  memory.copy(secret, secret + zeros, size - zeros);
  h.premasterLength = size - zeros;
  return 0;
}

/** NamedGroup of RFC 7919 with this prime and generator 2; 0 for a group of the server's own. `known` has room for a prime. */
function groupOf(p: usize, pLength: i32, g: usize, gLength: i32, known: usize): i32 {
  if (bitLength(g, gLength) != 2 || load<u8>(g + gLength - 1) != 2) return 0;
  for (let group: i32 = FiniteFieldGroup.Ffdhe2048; group <= FiniteFieldGroup.Ffdhe8192; group++) {
    const length = finiteFieldPrime(group, known);
    if (pLength >= length && bitLength(p, pLength) == 8 * length && equalBytes(p + pLength - length, known, length)) return group;
  }
  return 0;
}
