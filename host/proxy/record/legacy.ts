// Records of what OpenSSL no longer has: SSL 3.0, TLS 1.0 and 1.1, and RC4, DES and 3DES in any version. The device's own
// record program opens and seals them. Only where the proxy was told to.

import type { Delivery } from '../../delegation/delivery.js';
import { Grant, grantName } from '../../delegation/grant.js';
import { TlsError } from '../../engine/error.js';
import type { DirectionKeys, Opener, RecordEngine, Sealer } from '../../engine/record.js';
import { suiteName, versionName } from '../../tls/names.js';
import { Version } from '../../tls/numbers.js';
import { CIPHER_SUITES } from '../../tls/suites.js';
import { SessionError } from '../error.js';
import { type ContentType, type OpenedRecord, RECORD_HEADER_BYTES, type RecordCipher } from './cipher.js';
import { tls10Prf, tls12Prf } from './key_schedule.js';
import type { NegotiatedSession, SessionKeys, Side } from './session_keys.js';
import { suiteOf } from './suite.js';

const MASTER_SECRET_BYTES = 48;

/** Whether such a session is none of session_keys.ts's. */
export const isLegacy = (version: number, cipherSuite: number): boolean =>
  version < Version.Tls12 || (version === Version.Tls12 && suiteOf(cipherSuite) === undefined);

/** Whether a record of such a session opens only for one who knows all records of its epoch before it. */
export const chainsRecords = (version: number, cipherSuite: number): boolean =>
  version <= Version.Tls10 || CIPHER_SUITES.get(cipherSuite)?.cipher === 'RC4_128';

/**
 * As `sessionKeys`. `past` gives the records of a side's epoch, the oldest first, as far as they were relayed: RC4's key
 * stream and the IVs of SSL 3.0 and TLS 1.0 go on from record to record.
 */
export function legacyKeys(
  engine: RecordEngine,
  { grant, secrets }: Pick<Delivery, 'grant' | 'secrets'>,
  session: NegotiatedSession,
  past: (side: Side) => readonly Buffer[],
): SessionKeys {
  const { version, cipherSuite } = session;
  const lengths = engine.lengths(cipherSuite, version);
  if (lengths === undefined) {
    throw new SessionError(
      'UNSUPPORTED_SUITE',
      `the proxy does not work on cipher suite ${suiteName(cipherSuite)} in ${versionName(version)}`,
    );
  }
  const size = 2 * (lengths.macKey + lengths.key + lengths.iv);
  const block = keyBlock(grant, secrets, session, size);
  const directionKeys = (side: Side): DirectionKeys => {
    let at = 0;
    const share = (length: number) => {
      const from = at + (side === 'client' ? 0 : length);
      at += 2 * length;
      return block.subarray(from, from + length);
    };
    const macKey = share(lengths.macKey);
    const key = share(lengths.key);
    const { encryptThenMac } = session;
    return { cipherSuite, version, macKey, key, iv: share(lengths.iv), encryptThenMac };
  };
  const { keyLength, ivLength } = { keyLength: lengths.key, ivLength: lengths.iv };
  return {
    // What of a suite the record layers above look at; the program knows the rest.
    suite: {
      id: cipherSuite,
      version,
      scheme: 'cbc',
      cipher: '',
      hash: 'sha256',
      keyLength,
      ivLength,
      tagLength: 0,
    },
    cipher: (side, { sequence }) => {
      const before = chainsRecords(version, cipherSuite) ? past(side).slice(0, sequence) : [];
      return new LegacyCipher(engine, { ...directionKeys(side), sequence: BigInt(sequence) }, before);
    },
    wipe: () => block.fill(0),
  };
}

function keyBlock(grant: Grant, secrets: Uint8Array, session: NegotiatedSession, size: number): Buffer {
  const wanted = grant === Grant.Session ? size : MASTER_SECRET_BYTES;
  if (grant !== Grant.Session && grant !== Grant.Full) {
    throw new SessionError(
      'GRANT_UNSUPPORTED',
      `the proxy can't become active with the grant ${grantName(grant)}`,
    );
  }
  if (secrets.length !== wanted) {
    throw new SessionError('BAD_SECRETS', `the grant's secrets have ${wanted} bytes, ${secrets.length} came`);
  }
  if (grant === Grant.Session) return Buffer.from(secrets);
  const { version, cipherSuite, serverRandom, clientRandom } = session;
  // SSL 3.0 has no extended master secret, so no device gives its master secret away.
  if (version === Version.Ssl30)
    throw new SessionError('GRANT_UNSUPPORTED', 'SSL 3.0 has no grant but session');
  const seed = Buffer.concat([serverRandom, clientRandom]);
  return version === Version.Tls12
    ? tls12Prf(CIPHER_SUITES.get(cipherSuite)?.hash ?? 'sha256', secrets, 'key expansion', seed, size)
    : tls10Prf(secrets, 'key expansion', seed, size);
}

class LegacyCipher implements RecordCipher {
  sequence: number;
  readonly #engine: RecordEngine;
  readonly #keys: DirectionKeys;
  readonly #before: readonly Buffer[];
  #sealer: Sealer | undefined;
  #opener: Opener | undefined;

  /** Copies the keys when it is first used. `before`: the records of the epoch so far, where the next depends on them. */
  constructor(engine: RecordEngine, keys: DirectionKeys, before: readonly Buffer[]) {
    this.#engine = engine;
    this.sequence = Number(keys.sequence);
    const { macKey, key, iv } = keys;
    this.#keys = { ...keys, key: Buffer.from(key), iv: Buffer.from(iv), macKey: Buffer.from(macKey!) };
    this.#before = before;
    if (before.length === 0 || iv.length === 0) return;
    const last = before.at(-1)!;
    const end = last.length - (keys.encryptThenMac ? macKey!.length : 0);
    // RFC 2246 §6.2.3.2: the next IV is the last block of the ciphertext.
    last.copy(this.#keys.iv as Buffer, 0, end - iv.length, end);
  }

  seal(type: ContentType, content: Uint8Array): Buffer {
    this.#sealer ??= this.#followed(
      (keys) => this.#engine.sealer(keys),
      (sealer, record, macLength) =>
        sealer.seal(record[0]!, new Uint8Array(record.length - RECORD_HEADER_BYTES - macLength)),
    );
    const sealed = Buffer.from(this.#sealer.seal(type, content));
    // TLS 1.0 splits the first byte off.
    this.sequence += RECORD_HEADER_BYTES + sealed.readUInt16BE(3) < sealed.length ? 2 : 1;
    return sealed;
  }

  open(record: Buffer): OpenedRecord {
    this.#opener ??= this.#followed(
      (keys) => this.#engine.opener(keys),
      (opener, before) => opener.open(before),
    );
    try {
      const { type, plaintext } = this.#opener.open(record);
      this.sequence++;
      return { type, content: Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length) };
    } catch (error) {
      if (error instanceof TlsError && error.code === 'TLS_RECORD_OVERFLOW') {
        throw new SessionError('RECORD_OVERFLOW', 'a record holds more than 16384 bytes');
      }
      throw new SessionError('BAD_RECORD_MAC', 'a record does not open under the session keys');
    }
  }

  wipe(): void {
    for (const bytes of [this.#keys.key, this.#keys.iv, this.#keys.macKey!]) bytes.fill(0);
    this.#sealer?.free();
    this.#opener?.free();
  }

  /** A direction where the peer's stands. A key stream is run through again: what comes of it is thrown away. */
  #followed<D>(
    make: (keys: DirectionKeys) => D,
    run: (direction: D, record: Buffer, macLength: number) => unknown,
  ): D {
    if (this.#keys.iv.length > 0 || this.#before.length === 0) return make(this.#keys);
    const direction = make({ ...this.#keys, sequence: 0n });
    for (const record of this.#before) run(direction, record, this.#keys.macKey!.length);
    return direction;
  }
}
