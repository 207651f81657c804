// Our Certificate and CertificateVerify (RFC 8446 §4.4.2, §4.4.3; RFC 5246 §7.4.6, §7.4.8).
// Signing is constant-time in the key, as the curves' and RSA's is.
import { ErrorCode } from "../alert";
import { ecdsaSign } from "../curve/ecdsa";
import { Curve } from "../curve/field";
import { hashSize } from "../hash/hash";
import { load16be, load24be, store16be, store24be, wipe } from "../memory";
import { rsaSignPkcs1 } from "../rsa/pkcs1";
import { rsaSignPss } from "../rsa/pss";
import { PRIVATE_KEY, PrivateKey, parsePrivateKey } from "../x509/private_key";
import { KeyKind } from "../x509/public_key";
import { SIGNATURE_MAX, schemeFitsTls13, schemeHash, signMessage } from "../x509/signature";
import { SIGNED_CONTENT_MAX, signedContent } from "./certificate_verify";
import { Connection, claim, discard } from "./connection";
import { CLIENT_SIGNATURE } from "./labels";
import { sendHandshake } from "./output";
import { HandshakeType, Version } from "./protocol";
import { signingTranscriptHash } from "./transcript";

const privateKey = changetype<PrivateKey>(memory.data(PRIVATE_KEY, 8));
const content = memory.data(SIGNED_CONTENT_MAX, 8);
const digest = memory.data(64, 8);
const signature = memory.data(8 + SIGNATURE_MAX, 8);

/** The server's first scheme that our key can sign by; 0 for none, or where there is no key. */
export function clientKeyScheme(c: Connection, schemes: usize, length: i32): i32 {
  const h = c.handshake;
  if (h.clientKeyLength == 0) return 0;
  const key = privateKey;
  if (parsePrivateKey(h.clientKey, h.clientKeyLength, changetype<usize>(key)) < 0) return 0;
  let chosen = 0;
  for (let i = 0; i < length && chosen == 0; i += 2) {
    const scheme = load16be(schemes + i);
    if (schemeUsable(c, scheme, key)) chosen = scheme;
  }
  forgetKey();
  return chosen;
}

function schemeUsable(c: Connection, scheme: i32, key: PrivateKey): i32 {
  const hash = schemeHash(scheme, key.kind);
  if (hash == 0 || (key.hash != 0 && key.hash != hash)) return 0;
  if (c.version == Version.Tls13) return schemeFitsTls13(scheme, key.kind, key.curve);
  // Of the TLS 1.2 transcript only these two hashes run. The scheme's curve binds nobody there, but servers of both
  // versions check it all the same.
  if (hash != c.handshake.transcriptHash && hash != c.handshake.signingHash) return 0;
  return key.kind != KeyKind.Ec || (scheme == 0x0403) == (key.curve == Curve.P256) ? 1 : 0;
}

/** Certificate, empty where we have none that fits; in TLS 1.3 with CertificateVerify behind it. */
export function sendClientCertificate(c: Connection): i32 {
  const h = c.handshake;
  const tls13 = c.version == Version.Tls13;
  const chain = h.clientScheme != 0 ? h.clientCertificatesLength : 0;
  // Each entry of TLS 1.3 is followed by two bytes of (no) extensions: at most doubled for entries of some bytes.
  const capacity = 8 + 2 * chain;
  const message = claim(capacity);
  store<u8>(message, HandshakeType.Certificate);
  let list = message + 4;
  if (tls13) list++; // the empty certificate_request_context
  const length = chain == 0 ? 0 : writeList(list + 3, h.clientCertificates, chain, tls13);
  store24be(list, length);
  const whole = ((list - message) as i32) + 3 + length;
  store24be(message + 1, whole - 4);
  const sent = sendHandshake(c, message, whole);
  discard(message, capacity);
  if (sent < 0 || !tls13 || chain == 0) return sent;
  return sendCertificateVerify(c);
}

function writeList(out: usize, chain: usize, length: i32, tls13: bool): i32 {
  const end = chain + length;
  let to = out;
  for (let at = chain; at < end;) {
    const entry = 3 + load24be(at);
    memory.copy(to, at, entry);
    at += entry;
    to += entry;
    if (!tls13) continue;
    store16be(to, 0);
    to += 2;
  }
  return (to - out) as i32;
}

function sendCertificateVerify(c: Connection): i32 {
  const h = c.handshake;
  const parsed = parsePrivateKey(h.clientKey, h.clientKeyLength, changetype<usize>(privateKey));
  if (parsed < 0) return parsed;
  const contentLength = signedContent(c, CLIENT_SIGNATURE, content);
  const length = signMessage(h.clientScheme, changetype<usize>(privateKey), content, contentLength, signature + 8);
  forgetKey();
  return length < 0 ? length : sendSignature(c, length);
}

/** CertificateVerify of TLS 1.2: over the handshake messages so far, by whose running hash we sign. */
export function sendOldCertificateVerify(c: Connection): i32 {
  const h = c.handshake;
  const key = privateKey;
  const parsed = parsePrivateKey(h.clientKey, h.clientKeyLength, changetype<usize>(key));
  if (parsed < 0) return parsed;
  const hash = schemeHash(h.clientScheme, key.kind);
  if (signingTranscriptHash(c, hash, digest) == 0) return ErrorCode.BadSignatureScheme;
  let length: i32;
  if (key.kind == KeyKind.Ec) {
    length = ecdsaSign(key.curve, hash, digest, hashSize(hash), key.scalar, signature + 8);
  } else if (h.clientScheme >> 8 == 8) {
    length = rsaSignPss(hash, digest, key.rsa, signature + 8);
  } else {
    length = rsaSignPkcs1(hash, digest, key.rsa, signature + 8);
  }
  forgetKey();
  return length < 0 ? length : sendSignature(c, length);
}

/** Sends the signature that lies behind the room for its head. */
function sendSignature(c: Connection, length: i32): i32 {
  store<u8>(signature, HandshakeType.CertificateVerify);
  store24be(signature + 1, 4 + length);
  store16be(signature + 4, c.handshake.clientScheme);
  store16be(signature + 6, length);
  return sendHandshake(c, signature, 8 + length);
}

/** The struct holds addresses only; they are not secret, but they lead to the key. */
function forgetKey(): void {
  wipe(changetype<usize>(privateKey), PRIVATE_KEY);
}
