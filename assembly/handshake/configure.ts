// What the host fixes before `start`. Each call checks and copies; 0, or WrongState once started, or BadArgument,
// or NoMemory where what it copies has no room.
import { ErrorCode } from "../alert";
import { HashId } from "../hash/hash";
import { load16be, load24be, store16be } from "../memory";
import {
  KeyExchange, Scheme, suiteIsTls13, suiteKeyExchange, suiteKnown, suiteLegacy, suiteMacHash, suiteScheme,
} from "../record/suites";
import { PRIVATE_KEY, parsePrivateKey } from "../x509/private_key";
import {
  ALPN_OFFER, Connection, GROUPS, GROUPS_MAX, NAME_MAX, SERVER_NAME, SUITES, SUITES_MAX, area, claim, discard,
  handshakeArea,
} from "./connection";
import { X25519_ML_KEM_768, groupKnown, groupOffered } from "./key_share";
import { Version } from "./protocol";
import { checkSession } from "./session";
import { State } from "./state";

const CHAIN_MAX: i32 = 16384;
const KEY_MAX: i32 = 4096;
const ALPN_MAX: i32 = 256;
const keyScratch = memory.data(PRIVATE_KEY, 8);

export function setServerName(c: Connection, name: usize, length: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (length < 1 || length > NAME_MAX) return ErrorCode.BadArgument;
  memory.copy(area(c, SERVER_NAME), name, length);
  c.serverNameLength = length;
  return 0;
}

/** A ProtocolNameList without its outer length (RFC 7301 §3.1). */
export function setAlpn(c: Connection, list: usize, length: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (length < 0 || length > ALPN_MAX) return ErrorCode.BadArgument;
  let at = 0;
  while (at < length) {
    const name = load<u8>(list + at) as i32;
    if (name == 0) return ErrorCode.BadArgument;
    at += 1 + name;
  }
  if (at != length) return ErrorCode.BadArgument;
  memory.copy(handshakeArea(c, ALPN_OFFER), list, length);
  c.handshake.alpnLength = length;
  return 0;
}

export function setVersions(c: Connection, least: i32, most: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (least > most || least < oldest(c) || most > Version.Tls13) return ErrorCode.BadArgument;
  c.minVersion = least;
  c.maxVersion = most;
  return 0;
}

/**
 * The one switch for SSL 3.0 to TLS 1.1, key exchange by RSA and in finite fields, RC4, DES, 3DES, DSA, and signatures with
 * SHA-1 and MD5: off at first. Either way versions and suites go back to what is offered by default, SSL 3.0 and all that is
 * old included where it is on: `setVersions`, `setSuites` come after it.
 */
export function setLegacy(c: Connection, on: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  c.legacy = on != 0 ? 1 : 0;
  c.minVersion = oldest(c);
  c.maxVersion = Version.Tls13;
  c.handshake.suiteCount = 0;
  return 0;
}

/** The time given is the least that it may be (ChainRule.LeastTime); off at first. */
export function setLeastTime(c: Connection, on: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  c.leastTime = on != 0 ? 1 : 0;
  return 0;
}

export function setExpiredRoots(c: Connection, on: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  c.expiredRoots = on != 0 ? 1 : 0;
  return 0;
}

/** Asks the server for records of at most `bytes` of plaintext, 512 to 16384; 0 for no limit, as at first. */
export function setRecordLimit(c: Connection, bytes: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (bytes != 0 && (bytes < 512 || bytes > 16384)) return ErrorCode.BadArgument;
  c.recordLimit = bytes;
  return 0;
}

function oldest(c: Connection): i32 {
  return c.legacy ? Version.Ssl30 : Version.Tls12;
}

/** `count` big-endian suite numbers, the dearest first. Legacy ones only where the switch is on. */
export function setSuites(c: Connection, list: usize, count: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (count < 1 || count > SUITES_MAX) return ErrorCode.BadArgument;
  for (let i = 0; i < count; i++) {
    const suite = load16be(list + 2 * i);
    if (!suiteKnown(suite) || (suiteLegacy(suite) && !c.legacy)) return ErrorCode.BadArgument;
  }
  memory.copy(handshakeArea(c, SUITES), list, 2 * count);
  c.handshake.suiteCount = count;
  return 0;
}

/** `count` big-endian group numbers, the dearest first. The first that is no hybrid gets the key share, where `setShare` says no other. */
export function setGroups(c: Connection, list: usize, count: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (count < 1 || count > GROUPS_MAX) return ErrorCode.BadArgument;
  for (let i = 0; i < count; i++) {
    if (!groupKnown(load16be(list + 2 * i))) return ErrorCode.BadArgument;
  }
  memory.copy(handshakeArea(c, GROUPS), list, 2 * count);
  c.handshake.groupCount = count;
  return 0;
}

/** The group whose key share goes into the first ClientHello; one of those on offer. */
export function setShare(c: Connection, group: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (!groupKnown(group)) return ErrorCode.BadArgument;
  c.handshake.shareGroup = group;
  return 0;
}

/** `trust` must outlive the handshake. */
export function setTrust(c: Connection, trust: usize): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  c.trust = trust;
  return 0;
}

export function setTime(c: Connection, unixSeconds: u32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  c.time = unixSeconds;
  return 0;
}

/** Certificates as DER, each after its length in three bytes, ours first; and the key (PKCS #8, PKCS #1 or SEC 1 DER). */
export function setClientCertificate(c: Connection, list: usize, length: i32, key: usize, keyLength: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  if (length < 4 || length > CHAIN_MAX || keyLength < 1 || keyLength > KEY_MAX) return ErrorCode.BadArgument;
  let at = 0;
  while (at + 3 < length) {
    const entry = load24be(list + at);
    if (entry == 0) return ErrorCode.BadArgument;
    at += 3 + entry;
  }
  if (at != length) return ErrorCode.BadArgument;
  const parsed = parsePrivateKey(key, keyLength, keyScratch);
  memory.fill(keyScratch, 0, PRIVATE_KEY);
  if (parsed < 0) return parsed;
  const h = c.handshake;
  discard(h.clientCertificates, h.clientCertificatesLength);
  discard(h.clientKey, h.clientKeyLength);
  h.clientKeyLength = 0;
  h.clientKey = 0;
  h.clientCertificatesLength = 0;
  h.clientCertificates = claim(length);
  if (h.clientCertificates == 0) return ErrorCode.NoMemory;
  h.clientCertificatesLength = length;
  memory.copy(h.clientCertificates, list, length);
  h.clientKey = claim(keyLength);
  if (h.clientKey == 0) return ErrorCode.NoMemory;
  h.clientKeyLength = keyLength;
  memory.copy(h.clientKey, key, keyLength);
  return 0;
}

/** A session from `sessionTake`. Whether it fits is judged at the start; one that doesn't costs a full handshake. */
export function setSession(c: Connection, block: usize, length: i32): i32 {
  if (c.state != State.Idle) return ErrorCode.WrongState;
  const checked = checkSession(block, length);
  if (checked < 0) return checked;
  const h = c.handshake;
  discard(h.session, h.sessionLength);
  h.sessionLength = 0;
  h.session = claim(length);
  if (h.session == 0) return ErrorCode.NoMemory;
  h.sessionLength = length;
  memory.copy(h.session, block, length);
  return 0;
}

const DEFAULT_SUITE_COUNT: i32 = 17;
/** ChaCha20 first: without AES instructions it is the cheaper. CBC last. */
const DEFAULT_SUITES = memory.data<u16>([
  0x1303, 0x1301, 0x1302,
  0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030,
  0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013, 0xc00a, 0xc014,
]);
/** Offered behind the others where the switch is on, the least bad first. */
const LEGACY_SUITE_COUNT: i32 = 27;
const LEGACY_SUITES = memory.data<u16>([
  // Finite fields keep forward secrecy; RSA key exchange does not.
  0xccaa, 0x009e, 0x009f, 0x0067, 0x006b, 0x0033, 0x0039, 0x0040, 0x006a, 0x0032, 0x0038,
  0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035,
  // 3DES, RC4, DES.
  0xc008, 0xc012, 0x0016, 0x0013, 0x000a, 0xc007, 0xc011, 0x0005, 0x0004, 0x0009,
]);
const DEFAULT_GROUP_COUNT: i32 = 4;
/** X25519MLKEM768, X25519, P-256, P-384. */
const DEFAULT_GROUPS = memory.data<u16>([4588, 29, 23, 24]);

/** Fills in what the host left open, and drops the suites of versions that are not on offer; 0 or BadArgument. */
export function completeConfiguration(c: Connection): i32 {
  const h = c.handshake;
  const suites = handshakeArea(c, SUITES);
  if (h.suiteCount == 0) {
    for (let i = 0; i < DEFAULT_SUITE_COUNT; i++) store16be(suites + 2 * i, load<u16>(DEFAULT_SUITES + 2 * i));
    h.suiteCount = DEFAULT_SUITE_COUNT;
    for (let i = 0; c.legacy && i < LEGACY_SUITE_COUNT; i++) {
      store16be(suites + 2 * h.suiteCount, load<u16>(LEGACY_SUITES + 2 * i));
      h.suiteCount++;
    }
  }
  if (h.groupCount == 0) {
    for (let i = 0; i < DEFAULT_GROUP_COUNT; i++) store16be(handshakeArea(c, GROUPS) + 2 * i, load<u16>(DEFAULT_GROUPS + 2 * i));
    h.groupCount = DEFAULT_GROUP_COUNT;
  }
  if (c.maxVersion < Version.Tls13) dropHybrid(c);
  if (h.groupCount == 0 || (h.shareGroup != 0 && !groupOffered(c, h.shareGroup))) return ErrorCode.BadArgument;
  let kept = 0;
  for (let i = 0; i < h.suiteCount; i++) {
    const suite = load16be(suites + 2 * i);
    let version = c.minVersion;
    while (version <= c.maxVersion && !suiteFitsVersion(suite, version)) version++;
    if (version > c.maxVersion) continue;
    store16be(suites + 2 * kept, suite);
    kept++;
  }
  h.suiteCount = kept;
  return kept > 0 && c.serverNameLength > 0 ? 0 : ErrorCode.BadArgument;
}

/** RFC 10024 is for TLS 1.3 alone: a hello that does not offer that leaves the hybrid out. */
function dropHybrid(c: Connection): void {
  const groups = handshakeArea(c, GROUPS);
  const h = c.handshake;
  let kept = 0;
  for (let i = 0; i < h.groupCount; i++) {
    const group = load16be(groups + 2 * i);
    if (group != X25519_ML_KEM_768) store16be(groups + 2 * kept++, group);
  }
  h.groupCount = kept;
  h.shareGroup = 0;
}

/** 1 where `version` can run the suite. */
export function suiteFitsVersion(suite: i32, version: i32): i32 {
  if (suiteIsTls13(suite)) return version == Version.Tls13 ? 1 : 0;
  const scheme = suiteScheme(suite);
  switch (version) {
    case Version.Tls12: return scheme != Scheme.DesCbc ? 1 : 0; // RFC 5469
    case Version.Tls11:
    case Version.Tls10:
    case Version.Ssl30: break;
    default: return 0;
  }
  // AEADs and MACs of SHA-2 came with TLS 1.2 (RFC 5246 §1.2), elliptic curves with TLS 1.0 (RFC 4492).
  const mac = suiteMacHash(suite);
  if (mac != HashId.Md5 && mac != HashId.Sha1) return 0;
  const exchange = suiteKeyExchange(suite);
  const curves = exchange == KeyExchange.EcdheRsa || exchange == KeyExchange.EcdheEcdsa;
  return version == Version.Ssl30 && curves ? 0 : 1;
}
