// ServerKeyExchange (RFC 8422 §5.4): the server's ephemeral share under its certificate's signature.
import { ErrorCode } from "../alert";
import { verifySignature } from "../x509/signature";
import { peerKey } from "./certificate";
import { schemeOffered } from "./client_hello";
import { CLIENT_RANDOM, Connection, OUR_SHARE, SECRET, SERVER_RANDOM, area, handshakeArea } from "./connection";
import { SHARE_MAX, agree, groupOffered, makeShare } from "./key_share";
import { READER_SIZE, Reader } from "./reader";
import { State } from "./state";
import { transcriptAdd } from "./transcript";

const NAMED_CURVE: i32 = 3;
const reader = changetype<Reader>(memory.data(READER_SIZE, 4));
const signed = memory.data(64 + 4 + SHARE_MAX, 8);

/** ExpectServerKeyExchange. */
export function onServerKeyExchange(c: Connection, message: usize, length: i32): i32 {
  const h = c.handshake;
  reader.open(message + 4, length - 4);
  const curveType = reader.u8();
  const group = reader.u16();
  const shareLength = reader.u8();
  const share = reader.take(shareLength);
  const scheme = reader.u16();
  const signatureLength = reader.u16();
  const signature = reader.take(signatureLength);
  if (!reader.complete()) return ErrorCode.DecodeError;
  if (curveType != NAMED_CURVE || !groupOffered(c, group)) return ErrorCode.IllegalParameter;
  if (shareLength > SHARE_MAX) return ErrorCode.BadKeyShare;
  if (!schemeOffered(scheme)) return ErrorCode.BadSignatureScheme;

  memory.copy(signed, area(c, CLIENT_RANDOM), 32);
  memory.copy(signed + 32, area(c, SERVER_RANDOM), 32);
  memory.copy(signed + 64, message + 4, 4 + shareLength);
  const key = changetype<usize>(peerKey(c));
  const verified = verifySignature(scheme, key, signed, 68 + shareLength, signature, signatureLength);
  if (verified < 0) return verified;

  transcriptAdd(c, message, length);
  c.group = group;
  h.ourShareLength = makeShare(c, group, handshakeArea(c, OUR_SHARE));
  if (h.ourShareLength < 0) return h.ourShareLength;
  h.premasterLength = agree(c, group, share, shareLength, handshakeArea(c, SECRET));
  if (h.premasterLength < 0) return h.premasterLength;
  c.state = State.ExpectRequestOrDone;
  return 0;
}
