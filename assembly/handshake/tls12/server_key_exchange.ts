// ServerKeyExchange (RFC 8422 §5.4, RFC 5246 §7.4.3): the server's ephemeral share under its certificate's signature.
import { ErrorCode } from "../../alert";
import { KeyExchange, suiteKeyExchange } from "../../record/suites";
import { isOldScheme, verifyOldSignature } from "../../x509/old_signature";
import { KeyKind } from "../../x509/public_key";
import { verifySignature } from "../../x509/signature";
import { peerKey } from "../certificate";
import { schemeOffered } from "../client_hello";
import {
  CLIENT_RANDOM, Connection, OUR_SHARE, SECRET, SERVER_RANDOM, area, claim, discard, handshakeArea,
} from "../connection";
import { enter } from "../enter";
import { agreeFiniteField } from "./finite_field";
import { SHARE_MAX, X25519_ML_KEM_768, agree, groupOffered, makeShare } from "../key_share";
import { SignatureScheme, Version } from "../protocol";
import { READER_SIZE, Reader } from "../reader";
import { State } from "../state";
import { transcriptAdd } from "../transcript";

const NAMED_CURVE: i32 = 3;
const reader = changetype<Reader>(memory.data(READER_SIZE, 4));

/** ExpectServerKeyExchange. */
export function onServerKeyExchange(c: Connection, message: usize, length: i32): i32 {
  const exchange = suiteKeyExchange(c.suite);
  reader.open(message + 4, length - 4);
  const exchanged = exchange == KeyExchange.DheRsa || exchange == KeyExchange.DheDss
    ? onFiniteField(c, message + 4)
    : onCurve(c, message + 4);
  if (exchanged < 0) return exchanged;
  transcriptAdd(c, message, length);
  return enter(c, State.ExpectRequestOrDone);
}

/** ServerECDHParams: a named curve and a point of it. */
function onCurve(c: Connection, parameters: usize): i32 {
  const h = c.handshake;
  const curveType = reader.u8();
  const group = reader.u16();
  const shareLength = reader.u8();
  const share = reader.take(shareLength);
  // The hybrid is of TLS 1.3 alone.
  const isOffered = curveType == NAMED_CURVE && group != X25519_ML_KEM_768 && groupOffered(c, group);
  const signed = checkSigned(c, parameters, isOffered ? 0 : ErrorCode.IllegalParameter);
  if (signed < 0) return signed;
  if (shareLength > SHARE_MAX) return ErrorCode.BadKeyShare;
  c.group = group;
  h.ourShareLength = makeShare(c, group, handshakeArea(c, OUR_SHARE));
  if (h.ourShareLength < 0) return h.ourShareLength;
  h.premasterLength = agree(c, group, share, shareLength, handshakeArea(c, SECRET));
  return h.premasterLength;
}

/** ServerDHParams: prime, generator, public value. */
function onFiniteField(c: Connection, parameters: usize): i32 {
  const primeLength = reader.u16();
  const prime = reader.take(primeLength);
  const generatorLength = reader.u16();
  const generator = reader.take(generatorLength);
  const shareLength = reader.u16();
  const share = reader.take(shareLength);
  const signed = checkSigned(c, parameters, 0);
  if (signed < 0) return signed;
  return agreeFiniteField(c, prime, primeLength, generator, generatorLength, share, shareLength);
}

/**
 * Reads the rest of the message and checks the signature over both randoms and the parameters before it. `fault` is what
 * the parameters suffer from already, and is reported once the message has proved whole.
 */
function checkSigned(c: Connection, parameters: usize, fault: i32): i32 {
  const parametersLength = (reader.at - parameters) as i32;
  const key = peerKey(c);
  const scheme = c.version >= Version.Tls12 ? reader.u16() : impliedScheme(key.kind);
  const signatureLength = reader.u16();
  const signature = reader.take(signatureLength);
  if (!reader.complete()) return ErrorCode.DecodeError;
  if (fault < 0) return fault;
  if (c.version >= Version.Tls12 && !schemeOffered(c, scheme)) return ErrorCode.BadSignatureScheme;

  const capacity = 64 + parametersLength;
  const signed = claim(capacity);
  if (signed == 0) return ErrorCode.NoMemory;
  memory.copy(signed, area(c, CLIENT_RANDOM), 32);
  memory.copy(signed + 32, area(c, SERVER_RANDOM), 32);
  memory.copy(signed + 64, parameters, parametersLength);
  const verified = isOldScheme(scheme)
    ? verifyOldSignature(scheme, key, signed, capacity, signature, signatureLength)
    : verifySignature(scheme, changetype<usize>(key), signed, capacity, signature, signatureLength);
  discard(signed, capacity);
  return verified;
}

/** Before TLS 1.2 the kind of key names the scheme (RFC 2246 §7.4.3, RFC 4492 §5.4). */
function impliedScheme(kind: i32): i32 {
  return kind == KeyKind.Ec ? SignatureScheme.EcdsaSha1 : kind == KeyKind.Dsa ? SignatureScheme.DsaSha1 : SignatureScheme.RsaMd5Sha1;
}
