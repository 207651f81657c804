// What a ServerHello or HelloRetryRequest chooses (RFC 9846 §4.2.3, §4.2.4; RFC 5246 §7.4.1.3): version, suite, and which
// handshake follows.
import { ErrorCode } from "../alert";
import { equalBytes, load16be } from "../memory";
import { suiteHash } from "../record/suites";
import { suiteFitsVersion } from "./configure";
import { Connection, SERVER_RANDOM, SESSION_ID, SUITES, area, handshakeArea } from "./connection";
import { IN_OLD_SERVER_HELLO, IN_RETRY, IN_SERVER_HELLO, checkExtensions, extensionLength, findExtension } from "./extensions";
import { ExtensionType, Version } from "./protocol";
import { ServerHello, parseServerHello } from "./server_hello";
import { State } from "./state";
import { acceptTls12 } from "./tls12/hello";
import { acceptTls13 } from "./tls13/hello";
import { onHelloRetryRequest } from "./tls13/hello_retry_request";

/** SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
const RETRY_RANDOM = memory.data<u8>([
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
]);
/** "DOWNGRD" (RFC 9846 §4.2.3). */
const DOWNGRADE = memory.data<u8>([0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44]);

const hello = changetype<ServerHello>(memory.data(32, 4));

/** ExpectServerHello, ExpectRetriedServerHello. */
export function onServerHello(c: Connection, message: usize, length: i32): i32 {
  const parsed = parseServerHello(message, length, hello);
  if (parsed < 0) return parsed;
  const legacyVersion = load16be(message + 4);
  const version = selectedVersion(hello, legacyVersion);
  if (version < 0) return version;
  const retry = version == Version.Tls13 ? equalBytes(hello.random, RETRY_RANDOM, 32) : 0;
  const place = version == Version.Tls13 ? (retry ? IN_RETRY : IN_SERVER_HELLO) : IN_OLD_SERVER_HELLO;
  const checked = checkExtensions(c, hello.extensions, hello.extensionsLength, place);
  if (checked < 0) return checked;
  if (version < c.minVersion || version > c.maxVersion) return ErrorCode.ProtocolVersion;
  // A retried hello must come to the same version (RFC 9846 §4.2.4).
  if (c.state == State.ExpectRetriedServerHello && version != Version.Tls13) return ErrorCode.IllegalParameter;
  const suited = checkSuite(c, version);
  if (suited < 0) return suited;
  if (version == Version.Tls13) {
    if (!echoes(c)) return ErrorCode.IllegalParameter;
  } else if (downgraded(c, version)) {
    return ErrorCode.DowngradeDetected;
  }
  if (retry) return c.state == State.ExpectServerHello ? onHelloRetryRequest(c, hello) : ErrorCode.UnexpectedMessage;
  memory.copy(area(c, SERVER_RANDOM), hello.random, 32);
  c.version = version;
  return version == Version.Tls13 ? acceptTls13(c, hello) : acceptTls12(c, hello);
}

/** supported_versions decides where it is present (RFC 9846 §4.3.1), else the old field. */
function selectedVersion(hello: ServerHello, legacyVersion: i32): i32 {
  let at = hello.extensions;
  const end = at + hello.extensionsLength;
  while (at < end) {
    // The block is not checked yet: what may stand in it depends on the version that stands in it.
    if (end - at < 4 || at + 4 + load16be(at + 2) > end) return ErrorCode.DecodeError;
    at += 4 + load16be(at + 2);
  }
  const data = findExtension(hello.extensions, hello.extensionsLength, ExtensionType.SupportedVersions);
  if (data == 0) return legacyVersion >= Version.Tls13 ? ErrorCode.ProtocolVersion : legacyVersion;
  if (extensionLength(data) != 2) return ErrorCode.DecodeError;
  const version = load16be(data);
  return version == Version.Tls13 && legacyVersion == Version.Tls12 ? version : ErrorCode.IllegalParameter;
}

/** The suite must be one that we offered, and one of that version. */
function checkSuite(c: Connection, version: i32): i32 {
  let offered = 0;
  for (let i = 0; i < c.handshake.suiteCount; i++) {
    if (load16be(handshakeArea(c, SUITES) + 2 * i) == hello.suite) offered = 1;
  }
  if (!offered) return ErrorCode.IllegalParameter;
  // After a HelloRetryRequest the suite stands (RFC 9846 §4.2.4).
  if (c.handshake.retried && c.suite != hello.suite) return ErrorCode.IllegalParameter;
  if (!suiteFitsVersion(hello.suite, version)) return ErrorCode.IllegalParameter;
  c.suite = hello.suite;
  return suiteHash(hello.suite);
}

/** legacy_session_id_echo (RFC 9846 §4.2.3). */
function echoes(c: Connection): i32 {
  const length = c.handshake.sessionIdLength;
  return hello.sessionIdLength == length && equalBytes(hello.sessionId, handshakeArea(c, SESSION_ID), length) ? 1 : 0;
}

/**
 * The sentinel of a server that was talked into less than it and we can (RFC 9846 §4.2.3): 1 stands for TLS 1.2 instead
 * of 1.3, 0 for TLS 1.1 or below instead of either. We know better only where we offered more.
 */
function downgraded(c: Connection, version: i32): i32 {
  const tail = hello.random + 24;
  if (!equalBytes(tail, DOWNGRADE, 7)) return 0;
  const mark = load<u8>(tail, 7);
  if (c.maxVersion >= Version.Tls13) return mark <= 1 ? 1 : 0;
  return mark == 0 && c.maxVersion == Version.Tls12 && version < Version.Tls12 ? 1 : 0;
}
