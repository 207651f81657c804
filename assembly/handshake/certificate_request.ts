// CertificateRequest (RFC 9846 §4.4.2, RFC 5246 §7.4.4, RFC 2246 §7.4.4): is there a signature that we can give?
import { ErrorCode } from "../alert";
import { Connection } from "./connection";
import { enter } from "./enter";
import { IN_REQUEST, checkExtensions, extensionLength, findExtension } from "./extensions";
import { clientKeyScheme, clientKeyTypeScheme } from "./client_certificate";
import { ExtensionType, Version } from "./protocol";
import { READER_SIZE, Reader } from "./reader";
import { State } from "./state";
import { transcriptAdd } from "./transcript";

const reader = changetype<Reader>(memory.data(READER_SIZE, 4));

/** ExpectCertificateOrRequest. */
export function onCertificateRequest(c: Connection, message: usize, length: i32): i32 {
  reader.open(message + 4, length - 4);
  const contextLength = reader.u8();
  reader.take(contextLength);
  const blockLength = reader.u16();
  const block = reader.take(blockLength);
  if (!reader.complete()) return ErrorCode.DecodeError;
  // Only post-handshake requests, which we never allow, carry a context.
  if (contextLength != 0) return ErrorCode.IllegalParameter;
  const checked = checkExtensions(c, block, blockLength, IN_REQUEST);
  if (checked < 0) return checked;
  const schemes = findExtension(block, blockLength, ExtensionType.SignatureAlgorithms);
  if (schemes == 0) return ErrorCode.MissingExtension;
  reader.open(schemes, extensionLength(schemes));
  const taken = takeSchemes(c, reader);
  if (taken < 0) return taken;
  if (!reader.complete()) return ErrorCode.DecodeError;
  if (!c.messageSkims) transcriptAdd(c, message, length);
  return enter(c, State.ExpectCertificate);
}

/** ExpectRequestOrDone. The certificate authorities are hints, and the host chose the certificate already. */
export function onOldCertificateRequest(c: Connection, message: usize, length: i32): i32 {
  reader.open(message + 4, length - 4);
  const typesLength = reader.u8();
  const types = reader.take(typesLength);
  if (types == 0 || typesLength == 0) return ErrorCode.DecodeError;
  if (c.version >= Version.Tls12) {
    const taken = takeSchemes(c, reader);
    if (taken < 0) return taken;
    // RFC 5246 §7.4.6: a certificate of a listed type, or none.
    if (clientKeyTypeScheme(c, types, typesLength) == 0) c.handshake.clientScheme = 0;
  } else {
    c.certificateRequested = 1;
    c.handshake.clientScheme = clientKeyTypeScheme(c, types, typesLength);
  }
  reader.take(reader.u16());
  if (!reader.complete()) return ErrorCode.DecodeError;
  if (!c.messageSkims) transcriptAdd(c, message, length);
  return enter(c, State.ExpectServerHelloDone);
}

/** Chooses the scheme for our CertificateVerify; none is no error, but answered by an empty Certificate. */
function takeSchemes(c: Connection, reader: Reader): i32 {
  const length = reader.u16();
  const schemes = reader.take(length);
  if (reader.poisoned || length == 0 || (length & 1)) return ErrorCode.DecodeError;
  c.certificateRequested = 1;
  c.handshake.clientScheme = clientKeyScheme(c, schemes, length);
  return 0;
}
