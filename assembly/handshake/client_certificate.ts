// Our Certificate and CertificateVerify (RFC 9846 §4.5.1, §4.5.2; RFC 5246 §7.4.6, §7.4.8).
// Signing is constant-time in the key, as the curves' and RSA's is.
import { Alert, ErrorCode } from "../alert";
import { ecdsaSign } from "../curve/ecdsa";
import { HashId, hashSize } from "../hash/hash";
import { load16be, load24be, store16be, store24be, wipe } from "../memory";
import { rsaSignPkcs1 } from "../rsa/pkcs1";
import { rsaSignPss } from "../rsa/pss";
import { PRIVATE_KEY, PrivateKey, parsePrivateKey } from "../x509/private_key";
import { KeyKind } from "../x509/public_key";
import { SIGNATURE_MAX, schemeFitsTls13, schemeHash, signMessage } from "../x509/signature";
import { SIGNED_CONTENT_MAX, signedContent } from "./tls13/certificate_verify";
import { Connection, claim, discard } from "./connection";
import { CLIENT_SIGNATURE } from "./labels";
import { sendHandshake, sendWarning } from "./output";
import { HandshakeType, SignatureScheme, Version } from "./protocol";
import { signingTranscriptHash, ssl3TranscriptHash, transcriptHash } from "./transcript";

/** ClientCertificateType. */
const RSA_SIGN: i32 = 1;
const ECDSA_SIGN: i32 = 64;

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
  let second = 0;
  for (let i = 0; i < length && chosen == 0; i += 2) {
    const scheme = load16be(schemes + i);
    if (!schemeUsable(c, scheme, key)) continue;
    // The scheme's curve binds nobody in TLS 1.2, but servers of both versions check it all the same: the one that fits first.
    if (key.kind != KeyKind.Ec || schemeFitsTls13(scheme, key.kind, key.curve)) chosen = scheme;
    else if (second == 0) second = scheme;
  }
  forgetKey();
  return chosen != 0 ? chosen : second;
}

/**
 * Before TLS 1.3 a server lists types of certificates, and before TLS 1.2 the type names the scheme (RFC 2246 §7.4.4, §7.4.8;
 * RFC 4492 §5.5, §5.8); 0 where our key is of none of them.
 */
export function clientKeyTypeScheme(c: Connection, types: usize, length: i32): i32 {
  const h = c.handshake;
  if (h.clientKeyLength == 0) return 0;
  if (parsePrivateKey(h.clientKey, h.clientKeyLength, changetype<usize>(privateKey)) < 0) return 0;
  const kind = privateKey.kind;
  forgetKey();
  for (let i = 0; i < length; i++) {
    const type = load<u8>(types + i);
    // TLS 1.2 signs by PSS too (RFC 9846 §4.3.3), with keys that say so or not.
    const rsa = kind == KeyKind.Rsa || (kind == KeyKind.RsaPss && c.version >= Version.Tls12);
    if (type == RSA_SIGN && rsa) return SignatureScheme.RsaMd5Sha1;
    if (type == ECDSA_SIGN && kind == KeyKind.Ec && c.version > Version.Ssl30) return SignatureScheme.EcdsaSha1;
  }
  return 0;
}

function schemeUsable(c: Connection, scheme: i32, key: PrivateKey): i32 {
  const hash = schemeHash(scheme, key.kind);
  if (hash == 0 || (key.hash != 0 && key.hash != hash)) return 0;
  if (c.version == Version.Tls13) return schemeFitsTls13(scheme, key.kind, key.curve);
  return 1;
}

/** Certificate, empty where we have none that fits; in TLS 1.3 with CertificateVerify behind it. */
export function sendClientCertificate(c: Connection): i32 {
  const h = c.handshake;
  const tls13 = c.version == Version.Tls13;
  const chain = h.clientScheme != 0 ? h.clientCertificatesLength : 0;
  // SSL 3.0 has no empty Certificate, but an alert that says the same (RFC 6101 §5.6.6).
  if (chain == 0 && c.version == Version.Ssl30) {
    sendWarning(c, Alert.NoCertificate);
    return 0;
  }
  // Each entry of TLS 1.3 is followed by two bytes of (no) extensions: at most doubled for entries of some bytes.
  const capacity = 8 + 2 * chain;
  const message = claim(capacity);
  if (message == 0) return ErrorCode.NoMemory;
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

/** CertificateVerify of TLS 1.2 and before: over the handshake messages so far, by whose running hash we sign. */
export function sendOldCertificateVerify(c: Connection): i32 {
  const h = c.handshake;
  const key = privateKey;
  const parsed = parsePrivateKey(h.clientKey, h.clientKeyLength, changetype<usize>(key));
  if (parsed < 0) return parsed;
  const older = c.version < Version.Tls12;
  // Before TLS 1.2: RSA over MD5 and SHA-1 together, which PKCS #1 has no name for (0), ECDSA over SHA-1.
  const hash = !older ? schemeHash(h.clientScheme, key.kind) : key.kind == KeyKind.Ec ? HashId.Sha1 : 0;
  if (c.version == Version.Ssl30) ssl3TranscriptHash(c, 0, 0, digest);
  else if (hash == 0) transcriptHash(c, digest);
  else if (signingTranscriptHash(c, hash, digest) == 0) return ErrorCode.BadSignatureScheme;
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
  // Before TLS 1.2 no scheme stands before the signature.
  const start = signature + (c.version < Version.Tls12 ? 2 : 0);
  store<u8>(start, HandshakeType.CertificateVerify);
  const head = (signature + 8 - start) as i32;
  if (head == 8) store16be(signature + 4, c.handshake.clientScheme);
  store24be(start + 1, head - 4 + length);
  store16be(signature + 6, length);
  return sendHandshake(c, start, head + length);
}

/** The struct holds addresses only; they are not secret, but they lead to the key. */
function forgetKey(): void {
  wipe(changetype<usize>(privateKey), PRIVATE_KEY);
}
