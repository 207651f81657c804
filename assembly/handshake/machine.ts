// The state machine: one switch on the state, one function per message. What a message leads to stands in its own file.
import { ErrorCode } from "../alert";
import { load24be } from "../memory";
import { onCertificate, onServerCertificate } from "./certificate";
import { onCertificateRequest, onOldCertificateRequest } from "./certificate_request";
import { onCertificateVerify } from "./tls13/certificate_verify";
import { Connection, isOld } from "./connection";
import { onEncryptedExtensions } from "./tls13/encrypted_extensions";
import { onFinished } from "./tls13/finished";
import { onHelloRequest } from "./tls12/hello_request";
import { onKeyUpdate } from "./tls13/key_update";
import { onNewSessionTicket, onTicket } from "./new_session_ticket";
import { HandshakeType } from "./protocol";
import { CHANGE_CIPHER_SPEC, sequenceAllows } from "./sequence";
import { onServerHelloDone } from "./tls12/server_hello_done";
import { onServerKeyExchange } from "./tls12/server_key_exchange";
import { State } from "./state";
import { onServerHello } from "./version";
import { onChangeCipherSpec, onServerFinished } from "./tls12/finished";

/** Tickets and key updates in a row without application data: a peer that sends more only burns our time. */
const IDLE_MESSAGES_MAX: i32 = 32;

/**
 * Looks at a message's header before any of its body is kept: whether it may come now, and whether its length is sane.
 * Returns its whole length, or UnexpectedMessage, DecodeError, CertificateTooLong.
 */
export function checkHeader(c: Connection, header: usize): i32 {
  const type = load<u8>(header) as i32;
  const length = load24be(header + 1);
  if (!sequenceAllows(c.state, type) && !ignoresHelloRequest(c, type)) return ErrorCode.UnexpectedMessage;
  if (length > longest(type)) {
    return type == HandshakeType.Certificate ? ErrorCode.CertificateTooLong : ErrorCode.DecodeError;
  }
  return 4 + length;
}

/** Most bytes of a message's body. */
function longest(type: i32): i32 {
  switch (type) {
    case HandshakeType.Certificate: return 65536;
    case HandshakeType.CertificateRequest: return 1 + 255 + 2 + 65535 + 2 + 65535; // all that its fields can say
    case HandshakeType.NewSessionTicket: return 16384;
    case HandshakeType.ServerHello: return 2 + 32 + 33 + 3 + 2 + 65535; // a HelloRetryRequest with a cookie
    case HandshakeType.EncryptedExtensions: return 4096;
    case HandshakeType.ServerKeyExchange: return 4096; // three numbers of 8192 bits and a signature
    case HandshakeType.CertificateVerify: return 2048;
    case HandshakeType.Finished: return 64;
    default: return 1; // KeyUpdate; the rest is empty
  }
}

/** RFC 5246 §7.4.1.1: a HelloRequest amid a handshake is no message of it. */
function ignoresHelloRequest(c: Connection, type: i32): i32 {
  return type == HandshakeType.HelloRequest && isOld(c) && c.state != State.ExpectServerFinished ? 1 : 0;
}

/** Takes one whole message whose header passed `checkHeader`. */
export function onMessage(c: Connection, message: usize, length: i32): i32 {
  const type = load<u8>(message) as i32;
  c.incoming = type;
  if (type == HandshakeType.HelloRequest) return onHelloRequest(c, length);
  switch (c.state) {
    case State.ExpectServerHello:
    case State.ExpectRetriedServerHello: return onServerHello(c, message, length);
    case State.ExpectEncryptedExtensions: return onEncryptedExtensions(c, message, length);
    case State.ExpectCertificateOrRequest:
      if (type == HandshakeType.CertificateRequest) return onCertificateRequest(c, message, length);
      return onCertificate(c, message, length);
    case State.ExpectCertificate: return onCertificate(c, message, length);
    case State.ExpectCertificateVerify: return onCertificateVerify(c, message, length);
    case State.ExpectFinished: return onFinished(c, message, length);
    case State.Connected:
      if (++c.idleMessages > IDLE_MESSAGES_MAX) return ErrorCode.UnexpectedMessage;
      if (type == HandshakeType.KeyUpdate) return onKeyUpdate(c, message, length);
      return onNewSessionTicket(c, message, length);
    case State.ExpectServerCertificate: return onServerCertificate(c, message, length);
    case State.ExpectServerKeyExchange: return onServerKeyExchange(c, message, length);
    case State.ExpectRequestOrDone:
      if (type == HandshakeType.CertificateRequest) return onOldCertificateRequest(c, message, length);
      return onServerHelloDone(c, message, length);
    case State.ExpectServerHelloDone: return onServerHelloDone(c, message, length);
    case State.ExpectTicket: return onTicket(c, message, length);
    case State.ExpectServerFinished: return onServerFinished(c, message, length);
    default: return ErrorCode.UnexpectedMessage;
  }
}

/** The ChangeCipherSpec record of TLS 1.2 and before. */
export function onChangeCipherSpecRecord(c: Connection): i32 {
  if (!sequenceAllows(c.state, CHANGE_CIPHER_SPEC)) return ErrorCode.UnexpectedChangeCipherSpec;
  c.incoming = CHANGE_CIPHER_SPEC;
  return onChangeCipherSpec(c);
}
