// Delivery: the secrets of a grant leave the engine. What may be written or taken back afterwards depends on the grant.
import { ErrorCode } from "../alert";
import { HashId, hashDigest, hashSize } from "../hash/hash";
import { hmacDigest } from "../hash/hmac";
import { wipe } from "../memory";
import { drbgGenerate } from "../prf/hmac_drbg";
import { protectionSequence, protectionWipe } from "../record/protection";
import { suiteBlockIvLength, suiteHash, suiteMacKeyLength } from "../record/suites";
import {
  CLIENT_SECRET, Connection, EXPORTER_SECRET, HANDSHAKE_SECRETS, KEY_BLOCK, MASTER_SECRET, OBSERVED, OBSERVED_MAX, OBSERVED_RANDOM,
  READ_PROTECTION, SECRET_MAX, SERVER_SECRET, WRITE_PROTECTION, area, dropBuffers, dropMessage, forgetHandshakeSecrets,
} from "./connection";
import { sendKeyUpdate } from "./tls13/key_update";
import { Delivery, Grant, Version } from "./protocol";
import { State } from "./state";
import { KEY_BLOCK_MAX, MASTER_LENGTH, keyBlockLength } from "./tls12/schedule";
import { installTrafficKeys, trafficKeys, updateTrafficSecret } from "./tls13/schedule";

/** Two traffic secrets, two keys with IVs, a key block: no delivery is longer. */
const LONGEST: i32 = KEY_BLOCK_MAX;
/** Epochs to which keys can be committed ahead. */
const OBSERVED_AHEAD: i32 = 7;
/** No epoch has more records (RFC 9846 §5.5): a peer that counts higher is wrong. */
const EPOCH_RECORDS_MAX: u32 = 1 << 25;

/**
 * Writes the secret of `grant` to `out`. Returns its length, or WrongState (no handshake yet, or closed), AlreadyDelivered,
 * GrantRefused, NoExtendedMasterSecret, BufferTooSmall; these change nothing.
 * - observe: TLS 1.2 with CBC the key block without its MAC keys. Elsewhere nothing yet: `releaseObserved` gives the keys that
 *   are in force now, once nobody uses them. Writing goes on as before.
 * - epoch: TLS 1.3 key and IV of the client, key and IV of the server. Nothing is sealed until `takeBack`.
 * - session: TLS 1.3 the client's and the server's application traffic secret now; TLS 1.2 and before the key block, as it was
 *   derived: anyone who takes a chained IV or a key stream over has seen the records that moved it on.
 * - resume, full: TLS 1.2 and before the master secret, where it is an extended one. TLS 1.3 as session: its master secrets
 *   never leave, and each ticket has a PSK of its own (session.ts).
 * After session, resume and full nothing is sealed any more, but opening goes on. A KeyUpdate that was due is pending as output.
 */
export function deliverSecrets(c: Connection, grant: i32, out: usize, capacity: i32): i32 {
  if (c.delivered) return ErrorCode.AlreadyDelivered;
  if (c.state != State.Connected && c.state != State.Established) return ErrorCode.WrongState;
  if (c.writeClosed || c.peerClosed) return ErrorCode.WrongState;
  if (capacity < LONGEST) return ErrorCode.BufferTooSmall;
  const length = grant == Grant.Observe ? observe(c, out) : handOver(c, grant, out);
  if (length >= 0) c.handshakeSecretsDue = 1;
  return length;
}

function handOver(c: Connection, grant: i32, out: usize): i32 {
  if (grant < Grant.Epoch || grant > Grant.Full) return ErrorCode.GrantRefused;
  // The other party doesn't know that its records must be short.
  if (c.sendLimit > 0 && c.sendLimit < 16384) return ErrorCode.GrantRefused;
  // The other party doesn't know that an answer is due, and its first record would come before it (RFC 9846 §4.7.3).
  const answered = c.keyUpdateDue ? sendKeyUpdate(c, 0) : 0;
  if (answered < 0) return answered;
  const length = c.version == Version.Tls13 ? newSecrets(c, grant, out) : oldSecrets(c, grant, out);
  if (length < 0) return length;
  c.delivered = grant == Grant.Epoch ? Delivery.Epoch : Delivery.Delivered;
  c.writeClosed = 1;
  protectionWipe(area(c, WRITE_PROTECTION));
  if (c.delivered == Delivery.Delivered) forgetWriting(c);
  return length;
}

/**
 * Gives the client's and the server's handshake traffic secret of TLS 1.3 to the receiver of the delivery, which opens with them the
 * two flights that it relayed and nothing else (RFC 9846 §7.1: no other secret follows from them). They are wiped here. Returns
 * their length; 0 where there are none, as in older versions, after application data, or the second time. WrongState before a
 * delivery; BufferTooSmall.
 */
export function deliverHandshakeSecrets(c: Connection, out: usize, capacity: i32): i32 {
  if (!c.handshakeSecretsDue) return ErrorCode.WrongState;
  const length = c.handshakeSecrets;
  if (capacity < length) return ErrorCode.BufferTooSmall;
  memory.copy(out, area(c, HANDSHAKE_SECRETS), length);
  forgetHandshakeSecrets(c);
  return length;
}

function newSecrets(c: Connection, grant: i32, out: usize): i32 {
  if (grant == Grant.Epoch) return epochKeys(c, out);
  const size = hashSize(suiteHash(c.suite));
  memory.copy(out, area(c, CLIENT_SECRET), size);
  memory.copy(out + size, area(c, SERVER_SECRET), size);
  return 2 * size;
}

function epochKeys(c: Connection, out: usize): i32 {
  const length = trafficKeys(c.suite, area(c, CLIENT_SECRET), out);
  return length + trafficKeys(c.suite, area(c, SERVER_SECRET), out + length);
}

function oldSecrets(c: Connection, grant: i32, out: usize): i32 {
  if (grant == Grant.Epoch) return ErrorCode.GrantRefused;
  const block = grant == Grant.Session;
  if (!block && !c.extendedMasterSecret) return ErrorCode.NoExtendedMasterSecret;
  const length = block ? keyBlockLength(c.version, c.suite) : MASTER_LENGTH;
  memory.copy(out, area(c, block ? KEY_BLOCK : MASTER_SECRET), length);
  return length;
}

const observedKeys = memory.data(32 + OBSERVED_MAX, 8);
const epochSecrets = memory.data(2 * SECRET_MAX, 8);

/**
 * Commits to the keys of an epoch that was delivered to `observe`, or of a later one, `ahead` KeyUpdates of both sides from now:
 * SHA-256 over a random value and the keys as `releaseObserved` gives them. AEADs do not commit to a key by themselves. Returns 32;
 * 0 where no keys will be released; WrongState before a delivery; BadArgument, BufferTooSmall.
 */
export function commitObserved(c: Connection, ahead: i32, out: usize, capacity: i32): i32 {
  if (c.observed == 0) return c.handshakeSecretsDue ? 0 : ErrorCode.WrongState;
  if (ahead < 0 || ahead > OBSERVED_AHEAD || (ahead > 0 && c.version != Version.Tls13)) return ErrorCode.BadArgument;
  if (capacity < 32) return ErrorCode.BufferTooSmall;
  observedRandom(c, c.observedEpoch + ahead, observedKeys);
  const keys = observedKeys + 32;
  memory.copy(keys, area(c, OBSERVED), c.observed);
  if (ahead > 0) {
    const size = hashSize(suiteHash(c.suite));
    memory.copy(epochSecrets, area(c, CLIENT_SECRET), size);
    memory.copy(epochSecrets + SECRET_MAX, area(c, SERVER_SECRET), size);
    for (let i = 0; i < ahead; i++) {
      updateTrafficSecret(suiteHash(c.suite), epochSecrets);
      updateTrafficSecret(suiteHash(c.suite), epochSecrets + SECRET_MAX);
    }
    const length = trafficKeys(c.suite, epochSecrets, keys);
    trafficKeys(c.suite, epochSecrets + SECRET_MAX, keys + length);
    wipe(epochSecrets, 2 * SECRET_MAX);
  }
  hashDigest(HashId.Sha256, observedKeys, 32 + c.observed, out);
  wipe(observedKeys, 32 + OBSERVED_MAX);
  return 32;
}

/** A random value for each epoch, from one that was drawn: what opens one commitment says nothing of the next. */
function observedRandom(c: Connection, epoch: i32, out: usize): void {
  store<u8>(epochSecrets, epoch);
  hmacDigest(HashId.Sha256, area(c, OBSERVED_RANDOM), 32, epochSecrets, 1, out);
}

function observe(c: Connection, out: usize): i32 {
  if (c.observedEpoch == 0) {
    const drawn = drbgGenerate(area(c, OBSERVED_RANDOM), 32);
    if (drawn < 0) return drawn;
  }
  // Older chains of records depend on their beginning; RC4 has no separate MAC key worth the name of a limit.
  if (c.version < Version.Tls12) return ErrorCode.GrantRefused;
  c.observedLeft = 0;
  if (c.version == Version.Tls13) {
    c.observed = epochKeys(c, area(c, OBSERVED));
    return 0;
  }
  const macKeys = 2 * suiteMacKeyLength(c.suite);
  const length = keyBlockLength(c.version, c.suite) - macKeys;
  if (macKeys == 0) {
    c.observed = length;
    memory.copy(area(c, OBSERVED), area(c, KEY_BLOCK), length);
    return 0;
  }
  if (suiteBlockIvLength(c.suite) == 0) return ErrorCode.GrantRefused;
  memory.copy(out, area(c, KEY_BLOCK) + macKeys, length);
  return length;
}

/**
 * Gives the keys that `observe` promised, once they can do no harm: the server has answered a KeyUpdate of ours, so both sides
 * have left them; or both have said close_notify. Keys and IVs as in `deliverSecrets`, or the key block of a TLS 1.2 AEAD;
 * never a traffic secret, from which later epochs would follow. Behind them the 32 bytes of the random value that opens the
 * commitment. Returns the length of all, or WrongState, BufferTooSmall.
 */
export function releaseObserved(c: Connection, out: usize, capacity: i32): i32 {
  const length = c.observed;
  if (length == 0 || !(c.observedLeft || (c.peerClosed && c.writeClosed)) || c.lastError != 0) return ErrorCode.WrongState;
  if (capacity < length + 32) return ErrorCode.BufferTooSmall;
  memory.copy(out, area(c, OBSERVED), length);
  observedRandom(c, c.observedEpoch, out + length);
  wipe(area(c, OBSERVED), OBSERVED_MAX);
  c.observed = 0;
  c.observedEpoch++;
  return length + 32;
}

/**
 * Goes on with a session that was delivered for an epoch: the other party says how many records it sealed and opened since. New
 * client keys are taken at once, and the server is asked for new ones; until it has them, application data are refused.
 *
 * A party that lies about its counts gains nothing. Too few written: our KeyUpdate takes a nonce that it has used, under a key
 * that it has, and nothing else is sealed under that key. Too many, or a wrong number read: the record does not open, and the
 * session ends, as it would if that party cut the line. Honest counts never use a nonce twice.
 */
export function takeBack(c: Connection, written: u32, read: u32): i32 {
  if (c.delivered != Delivery.Epoch || c.state != State.Connected) return ErrorCode.WrongState;
  if (written > EPOCH_RECORDS_MAX || read > EPOCH_RECORDS_MAX) return ErrorCode.BadArgument;
  c.recordsSent += written;
  c.recordsReceived += read;
  const installed = installTrafficKeys(area(c, WRITE_PROTECTION), c.suite, area(c, CLIENT_SECRET), 1);
  if (installed < 0) return installed;
  protectionSequence(area(c, WRITE_PROTECTION), c.recordsSent - c.clientEpochStart, 0);
  protectionSequence(area(c, READ_PROTECTION), c.recordsReceived - c.serverEpochStart, 0);
  dropMessage(c); // its rest, if any, went to the other party
  c.delivered = Delivery.None;
  c.writeClosed = 0;
  c.readableElsewhere = 1;
  return sendKeyUpdate(c, 1);
}

/** The session is the other party's to its end, or was theirs for an epoch and ends: only what the PSKs of its tickets need stays. WrongState before a delivery. */
export function retire(c: Connection): i32 {
  if (c.delivered != Delivery.Delivered && c.delivered != Delivery.Epoch) return ErrorCode.WrongState;
  forgetWriting(c);
  protectionWipe(area(c, WRITE_PROTECTION));
  protectionWipe(area(c, READ_PROTECTION));
  wipe(area(c, SERVER_SECRET), SECRET_MAX);
  dropMessage(c);
  dropBuffers(c);
  c.plainLength = 0;
  c.state = State.Closed;
  c.delivered = Delivery.Retired;
  return 0;
}

/** What opening the rest does not need. The resumption master secret of TLS 1.3 stays for tickets still on their way. */
function forgetWriting(c: Connection): void {
  wipe(area(c, CLIENT_SECRET), SECRET_MAX);
  wipe(area(c, EXPORTER_SECRET), SECRET_MAX);
  wipe(area(c, KEY_BLOCK), KEY_BLOCK_MAX);
  if (c.version != Version.Tls13) wipe(area(c, MASTER_SECRET), SECRET_MAX);
}
