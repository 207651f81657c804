// The server's Certificate (RFC 9846 §4.5.1, RFC 5246 §7.4.2): verified at once, only its public key is kept.
import { ErrorCode } from "../alert";
import { HashId, hashDigest } from "../hash/hash";
import { load16be, load24be } from "../memory";
import { KeyExchange, suiteKeyExchange } from "../record/suites";
import { ChainRule, verifyChain } from "../x509/chain";
import { KeyKind, PublicKey } from "../x509/public_key";
import { CERTIFICATE_HASH, Connection, PEER_KEY, SERVER_NAME, area, claim, handshakeArea } from "./connection";
import { enter } from "./enter";
import { Version } from "./protocol";
import { State } from "./state";
import { transcriptAdd } from "./transcript";

/** The server's public key, valid until the handshake is done. */
// @ts-ignore: decorator
@inline
export function peerKey(c: Connection): PublicKey {
  return changetype<PublicKey>(handshakeArea(c, PEER_KEY));
}

/** ExpectCertificateOrRequest, ExpectCertificate. */
export function onCertificate(c: Connection, message: usize, length: i32): i32 {
  transcriptAdd(c, message, length);
  // An empty certificate_request_context, then the list.
  if (length < 8) return ErrorCode.DecodeError;
  if (load<u8>(message, 4) != 0) return ErrorCode.IllegalParameter;
  const list = message + 8;
  if (load24be(message + 5) != length - 8) return ErrorCode.DecodeError;
  const chain = dropExtensions(list, length - 8);
  if (chain < 0) return chain;
  const accepted = acceptChain(c, list, chain);
  if (accepted < 0) return accepted;
  return enter(c, State.ExpectCertificateVerify);
}

/**
 * Closes the gaps that the entries' extensions leave, in place; returns the new length. None were asked for
 * (no status_request, no signed_certificate_timestamp), so none may come (RFC 9846 §4.5.1).
 */
function dropExtensions(list: usize, length: i32): i32 {
  const end = list + length;
  let from = list;
  let to = list;
  while (from < end) {
    if (end - from < 5) return ErrorCode.DecodeError;
    const entry = 3 + load24be(from);
    if (entry == 3 || from + entry + 2 > end) return ErrorCode.DecodeError;
    const extensions = load16be(from + entry);
    if (from + entry + 2 + extensions > end) return ErrorCode.DecodeError;
    if (extensions != 0) return ErrorCode.UnsupportedExtension;
    memory.copy(to, from, entry);
    to += entry;
    from += entry + 2;
  }
  return (to - list) as i32;
}

/** ExpectServerCertificate. */
export function onServerCertificate(c: Connection, message: usize, length: i32): i32 {
  transcriptAdd(c, message, length);
  if (length < 7 || load24be(message + 4) != length - 7) return ErrorCode.DecodeError;
  const accepted = acceptChain(c, message + 7, length - 7);
  if (accepted < 0) return accepted;
  const exchange = suiteKeyExchange(c.suite);
  if (!keyFits(exchange, peerKey(c).kind)) return ErrorCode.IllegalParameter;
  return enter(c, exchange == KeyExchange.Rsa ? State.ExpectRequestOrDone : State.ExpectServerKeyExchange);
}

/** The suite names the kind of key (RFC 8422 §2, RFC 5246 §7.4.2). A key for PSS alone encrypts nothing. */
function keyFits(exchange: i32, kind: i32): bool {
  switch (exchange) {
    case KeyExchange.EcdheEcdsa: return kind == KeyKind.Ec || kind == KeyKind.Ed25519; // RFC 8422 §2
    case KeyExchange.DheDss: return kind == KeyKind.Dsa;
    case KeyExchange.Rsa: return kind == KeyKind.Rsa;
    default: return kind == KeyKind.Rsa || kind == KeyKind.RsaPss;
  }
}

/** What is old passes only with the switch on, and never in TLS 1.3. */
function chainRules(c: Connection): i32 {
  const rules = (c.expiredRoots ? ChainRule.ExpiredRoots : 0) | (c.leastTime ? ChainRule.LeastTime : 0);
  if (!c.legacy || c.version == Version.Tls13) return rules;
  return rules | ChainRule.Legacy | (suiteKeyExchange(c.suite) == KeyExchange.Rsa ? ChainRule.Encipher : 0);
}

function acceptChain(c: Connection, list: usize, length: i32): i32 {
  // RFC 9846 §4.5.1.4: an empty list of the server is decode_error.
  if (length < 4 || 3 + load24be(list) > length) return ErrorCode.DecodeError;
  hashDigest(HashId.Sha256, list + 3, load24be(list), area(c, CERTIFICATE_HASH));
  const key = peerKey(c);
  const verified = verifyChain(
    c.trust, list, length, area(c, SERVER_NAME), c.serverNameLength, c.time, changetype<usize>(key), chainRules(c),
  );
  if (verified < 0) return verified;
  return keepKey(c, key);
}

/** Copies the key out of the certificate, whose buffer goes. */
function keepKey(c: Connection, key: PublicKey): i32 {
  const h = c.handshake;
  const length = key.aLength + key.bLength;
  h.peerKey = claim(length);
  if (h.peerKey == 0) return ErrorCode.NoMemory;
  h.peerKeyLength = length;
  memory.copy(h.peerKey, key.a, key.aLength);
  memory.copy(h.peerKey + key.aLength, key.b, key.bLength);
  key.a = h.peerKey;
  key.b = h.peerKey + key.aLength;
  return 0;
}
