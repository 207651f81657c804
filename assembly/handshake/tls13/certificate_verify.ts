// CertificateVerify of TLS 1.3 in both directions (RFC 9846 §4.5.2).
import { ErrorCode } from "../../alert";
import { load16be } from "../../memory";
import { schemeFitsTls13, verifySignature } from "../../x509/signature";
import { peerKey } from "../certificate";
import { schemeOffered } from "../client_hello";
import { Connection } from "../connection";
import { enter } from "../enter";
import { SERVER_SIGNATURE } from "../labels";
import { State } from "../state";
import { transcriptAdd, transcriptHash } from "../transcript";

/** 64 spaces, the context string with its zero byte, the longest transcript hash. */
export const SIGNED_CONTENT_MAX: i32 = 64 + 34 + 64;
const content = memory.data(SIGNED_CONTENT_MAX, 8);

/** What a CertificateVerify signs: spaces, context, transcript hash; returns its length. */
export function signedContent(c: Connection, label: usize, out: usize): i32 {
  const labelLength = load<u8>(label) as i32;
  memory.fill(out, 0x20, 64);
  memory.copy(out + 64, label + 1, labelLength);
  return 64 + labelLength + transcriptHash(c, out + 64 + labelLength);
}

/** ExpectCertificateVerify. */
export function onCertificateVerify(c: Connection, message: usize, length: i32): i32 {
  if (length < 8 || load16be(message + 6) != length - 8) return ErrorCode.DecodeError;
  const scheme = load16be(message + 4);
  const key = peerKey(c);
  if (!schemeOffered(c, scheme) || !schemeFitsTls13(scheme, key.kind, key.curve)) return ErrorCode.BadSignatureScheme;
  const contentLength = signedContent(c, SERVER_SIGNATURE, content);
  const verified = verifySignature(
    scheme, changetype<usize>(key), content, contentLength, message + 8, length - 8,
  );
  if (verified < 0) return verified;
  transcriptAdd(c, message, length);
  return enter(c, State.ExpectFinished);
}
