// The legal message sequences: which message each state awaits, and where it leads. The state machine asks this table before it
// looks at a message, where what stands in no row is unexpected_message, and before it enters a state. Tests enumerate the rows.
import { HandshakeType } from "./protocol";
import { State } from "./state";

/** Stands for the ChangeCipherSpec record of TLS 1.2 in the table; no handshake type has this number. */
export const CHANGE_CIPHER_SPEC: i32 = 255;

/** Rows of three: state, message, next state. */
const ROWS = memory.data<i32>([
  // Hello. HelloRetryRequest is a ServerHello with a fixed random.
  State.ExpectServerHello, HandshakeType.ServerHello, State.ExpectRetriedServerHello,
  State.ExpectServerHello, HandshakeType.ServerHello, State.ExpectEncryptedExtensions,
  State.ExpectServerHello, HandshakeType.ServerHello, State.ExpectServerCertificate,
  State.ExpectServerHello, HandshakeType.ServerHello, State.ExpectTicket,
  State.ExpectServerHello, HandshakeType.ServerHello, State.ExpectChangeCipherSpec,
  State.ExpectRetriedServerHello, HandshakeType.ServerHello, State.ExpectEncryptedExtensions,
  // TLS 1.3 (RFC 9846 §2, appendix A.1)
  State.ExpectEncryptedExtensions, HandshakeType.EncryptedExtensions, State.ExpectCertificateOrRequest,
  State.ExpectEncryptedExtensions, HandshakeType.EncryptedExtensions, State.ExpectFinished,
  State.ExpectCertificateOrRequest, HandshakeType.CertificateRequest, State.ExpectCertificate,
  State.ExpectCertificateOrRequest, HandshakeType.Certificate, State.ExpectCertificateVerify,
  State.ExpectCertificate, HandshakeType.Certificate, State.ExpectCertificateVerify,
  State.ExpectCertificateVerify, HandshakeType.CertificateVerify, State.ExpectFinished,
  State.ExpectFinished, HandshakeType.Finished, State.Connected,
  State.Connected, HandshakeType.NewSessionTicket, State.Connected,
  State.Connected, HandshakeType.KeyUpdate, State.Connected,
  // TLS 1.2 and before (RFC 5246 §7.3, RFC 5077 §3.3)
  State.ExpectServerCertificate, HandshakeType.Certificate, State.ExpectServerKeyExchange,
  // RSA key exchange has no ServerKeyExchange (RFC 5246 §7.4.3).
  State.ExpectServerCertificate, HandshakeType.Certificate, State.ExpectRequestOrDone,
  State.ExpectServerKeyExchange, HandshakeType.ServerKeyExchange, State.ExpectRequestOrDone,
  State.ExpectRequestOrDone, HandshakeType.CertificateRequest, State.ExpectServerHelloDone,
  State.ExpectRequestOrDone, HandshakeType.ServerHelloDone, State.ExpectTicket,
  State.ExpectRequestOrDone, HandshakeType.ServerHelloDone, State.ExpectChangeCipherSpec,
  State.ExpectServerHelloDone, HandshakeType.ServerHelloDone, State.ExpectTicket,
  State.ExpectServerHelloDone, HandshakeType.ServerHelloDone, State.ExpectChangeCipherSpec,
  State.ExpectTicket, HandshakeType.NewSessionTicket, State.ExpectChangeCipherSpec,
  State.ExpectChangeCipherSpec, CHANGE_CIPHER_SPEC, State.ExpectServerFinished,
  State.ExpectServerFinished, HandshakeType.Finished, State.Established,
  State.Established, HandshakeType.HelloRequest, State.Established,
]);
const ROW_COUNT: i32 = 27;

/** 1 where `state` awaits `message`, 0 otherwise. */
export function sequenceAllows(state: i32, message: i32): i32 {
  for (let i = 0; i < ROW_COUNT; i++) {
    const row = ROWS + 12 * i;
    if (load<i32>(row) == state && load<i32>(row, 4) == message) return 1;
  }
  return 0;
}

/** 1 where `message` leads from `state` to `next`. */
export function sequenceLeads(state: i32, message: i32, next: i32): i32 {
  for (let i = 0; i < ROW_COUNT; i++) {
    const row = ROWS + 12 * i;
    if (load<i32>(row) == state && load<i32>(row, 4) == message && load<i32>(row, 8) == next) return 1;
  }
  return 0;
}

/** Row `index` as state << 16 | message << 8 | next state; 0 past the last row. */
export function sequenceRow(index: i32): i32 {
  if (index < 0 || index >= ROW_COUNT) return 0;
  const row = ROWS + 12 * index;
  return load<i32>(row) << 16 | load<i32>(row, 4) << 8 | load<i32>(row, 8);
}
