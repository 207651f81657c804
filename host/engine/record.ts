// The typed face of build/record.wasm's record protection: for what has a session's keys and no handshake, such as a
// proxy whose own crypto library lacks the cipher.

import { ErrorCode } from '../../assembly/alert.js';
import { Version } from '../tls/numbers.js';
import { checked, tlsError } from './error.js';
import { Guest } from './guest.js';
import type { Program } from './program.js';

/** The keys of one direction. What a suite doesn't use is empty. */
export interface DirectionKeys {
  /** Number of the IANA registry. */
  cipherSuite: number;
  /** 0x0300 to 0x0304. */
  version: number;
  key: Uint8Array;
  /** Fixed IV or nonce; in SSL 3.0 and TLS 1.0 the first IV of CBC. */
  iv: Uint8Array;
  macKey?: Uint8Array;
  /** Number of the first record, 0 by default. */
  sequence?: bigint;
  /** RFC 7366; CBC suites only. */
  encryptThenMac?: boolean;
}

export interface OpenedRecord {
  /** ContentType; the inner one in TLS 1.3. */
  type: number;
  plaintext: Uint8Array;
}

const RECORD_MAX = 5 + 16384 + 2048;

/** One instance of the record program. It serves many directions, one call at a time. */
export class RecordEngine {
  readonly kind: Program['engine'];
  readonly #guest: Guest;

  constructor(program: Program) {
    this.kind = program.engine;
    this.#guest = new Guest(program);
  }

  /** Needed before CBC suites seal: explicit IVs are random. At least 32 bytes. */
  seed(entropy: Uint8Array): void {
    this.#guest.lend(entropy, (pointer, length) => checked(this.#guest.exports.seed!(pointer, length)));
  }

  /** Bytes that a suite takes from the key block for one direction; undefined where that version has no such suite. */
  lengths(cipherSuite: number, version: number): { macKey: number; key: number; iv: number } | undefined {
    const { suiteKnown, suiteKeyLength, suiteMacKeyLength } = this.#guest.exports;
    if (!suiteKnown!(cipherSuite) || version < Version.Ssl30 || version > Version.Tls13) return undefined;
    const macKey = suiteMacKeyLength!(cipherSuite);
    // AEADs and MACs of SHA-2 came with TLS 1.2 (RFC 5246 §1.2).
    if (version < Version.Tls12 && (macKey === 0 || macKey > 20)) return undefined;
    const key = suiteKeyLength!(cipherSuite);
    return { macKey, key, iv: ivLength(this.#guest, cipherSuite, version) };
  }

  /** Throws TLS_BAD_ARGUMENT where the suite is unknown or not of that version, or a key has the wrong length. */
  sealer(keys: DirectionKeys): Sealer {
    return new Sealer(this.#guest, keys);
  }

  opener(keys: DirectionKeys): Opener {
    return new Opener(this.#guest, keys);
  }
}

const contextLength = (guest: Guest) => guest.program.constants.PROTECTION_CONTEXT!;

const ivLength = ({ exports }: Guest, cipherSuite: number, version: number): number =>
  (version <= Version.Tls10 ? exports.suiteBlockIvLength! : exports.suiteFixedIvLength!)(cipherSuite);

// The program reads as many bytes as the suite says, so their number must be right here.
function checkLengths(guest: Guest, keys: DirectionKeys): void {
  const { exports } = guest;
  const { cipherSuite, version, key, iv, macKey } = keys;
  const name = `cipher suite 0x${cipherSuite.toString(16).padStart(4, '0')}`;
  if (!exports.suiteKnown!(cipherSuite)) throw tlsError(ErrorCode.BadArgument, `${name} is unknown`);
  for (const [what, bytes, length] of [
    ['a key', key, exports.suiteKeyLength!(cipherSuite)],
    ['an IV', iv, ivLength(guest, cipherSuite, version)],
    ['a MAC key', macKey ?? [], exports.suiteMacKeyLength!(cipherSuite)],
  ] as const) {
    if (bytes.length !== length) {
      throw tlsError(ErrorCode.BadArgument, `${name} takes ${what} of ${length} bytes, not ${bytes.length}`);
    }
  }
}

/** A direction's keys and sequence number inside the program. */
class Direction {
  protected readonly guest: Guest;
  protected readonly context: number;
  #freed = false;

  constructor(guest: Guest, keys: DirectionKeys, seal: 0 | 1) {
    this.guest = guest;
    checkLengths(guest, keys);
    const { protectionEncryptThenMac, protectionSequence } = guest.exports;
    this.context = guest.claim(contextLength(guest));
    try {
      this.#start(keys, seal);
    } catch (error) {
      this.free();
      throw error;
    }
    if (keys.encryptThenMac) protectionEncryptThenMac!(this.context);
    const sequence = keys.sequence ?? 0n;
    protectionSequence!(this.context, Number(sequence & 0xffffffffn), Number(sequence >> 32n));
  }

  #start({ cipherSuite, version, key, iv, macKey }: DirectionKeys, seal: 0 | 1): void {
    const { lend, exports } = { lend: this.guest.lend.bind(this.guest), exports: this.guest.exports };
    lend(key, (keyAt) =>
      lend(iv, (ivAt) =>
        lend(macKey ?? new Uint8Array(), (macAt) =>
          checked(exports.protectionInit!(this.context, cipherSuite, version, keyAt, ivAt, macAt, seal)),
        ),
      ),
    );
  }

  /** Wipes the keys; the direction can't be used afterwards. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.guest.giveBack(this.context, contextLength(this.guest));
  }

  protected use(): Guest {
    if (this.#freed) throw new Error('these keys were freed');
    return this.guest;
  }
}

export class Sealer extends Direction {
  constructor(guest: Guest, keys: DirectionKeys) {
    super(guest, keys, 1);
  }

  /** One record on the wire, or two where CBC of TLS 1.0 splits off the first byte. At most 16384 bytes. */
  seal(type: number, plaintext: Uint8Array): Uint8Array {
    const guest = this.use();
    const { SEAL_HEADROOM, SEAL_TAILROOM } = guest.program.constants as Record<string, number>;
    return guest.room(SEAL_HEADROOM! + plaintext.length + SEAL_TAILROOM!, (out) => {
      guest.memory().set(plaintext, out + SEAL_HEADROOM!);
      const length = checked(guest.exports.sealRecord!(this.context, type, out, plaintext.length), 'seal');
      return guest.copy(out, length);
    });
  }
}

export class Opener extends Direction {
  constructor(guest: Guest, keys: DirectionKeys) {
    super(guest, keys, 0);
  }

  /** Opens one whole record, header included. Throws TlsError, TLS_BAD_RECORD_MAC for whatever is wrong inside. */
  open(record: Uint8Array): OpenedRecord {
    const guest = this.use();
    // Longer than any record: the program gets the true length and refuses it.
    const bytes = record.length > RECORD_MAX ? record.subarray(0, RECORD_MAX) : record;
    return guest.lend(bytes, (pointer) => {
      const length = checked(guest.exports.openRecord!(this.context, pointer, record.length), 'open');
      const plaintext = guest.copy(guest.exports.openedStart!(this.context), length);
      return { type: guest.exports.openedType!(this.context), plaintext };
    });
  }
}
