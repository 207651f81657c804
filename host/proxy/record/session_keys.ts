// A delivered secret as record ciphers: checks that it is what the grant says, and derives each direction's keys.

import { type Delivery, UNKNOWN_RECORD } from '../../delegation/delivery.js';
import { Grant, grantName } from '../../delegation/grant.js';
import { suiteName } from '../../tls/names.js';
import { Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import { type NonceBase, Tls12AeadCipher, Tls13Cipher } from './aead.js';
import { CbcCipher } from './cbc.js';
import type { RecordCipher } from './cipher.js';
import { keyBlock, keyBlockLength, keysFromBlock, type RecordKeys, wipeKeys } from './key_schedule.js';
import { MAC_LENGTH, type Suite, suiteOf } from './suite.js';

export type Side = 'client' | 'origin';

const MASTER_SECRET_BYTES = 48;

export interface CipherOptions {
  sequence: number;
  /** For sealing with explicit nonces: where they go on. */
  nonceBase?: NonceBase;
}

/** Makes ciphers of one session, as often as asked; owns the secrets until `wipe`. */
export interface SessionKeys {
  readonly suite: Suite;
  /** `side`: whose sending keys. Each call gives a cipher with its own copy of the keys. */
  cipher(side: Side, options: CipherOptions): RecordCipher;
  wipe(): void;
}

/** What both hellos said, for deliveries that can't say it themselves. */
export interface NegotiatedSession {
  version: number;
  cipherSuite: number;
  clientRandom: Uint8Array;
  serverRandom: Uint8Array;
  encryptThenMac: boolean;
}

/**
 * Copies the secrets of `delivery`; the caller wipes the delivery. Throws UNSUPPORTED_VERSION, UNSUPPORTED_SUITE,
 * GRANT_UNSUPPORTED or BAD_SECRETS.
 */
export function sessionKeys(
  delivery: Pick<Delivery, 'grant' | 'secrets'>,
  session: NegotiatedSession,
): SessionKeys {
  const { version, cipherSuite } = session;
  if (version !== Version.Tls12 && version !== Version.Tls13) {
    throw new SessionError(
      'UNSUPPORTED_VERSION',
      `the proxy does not work on TLS version 0x${version.toString(16)}`,
    );
  }
  const suite = suiteOf(cipherSuite);
  if (suite === undefined || suite.version !== version) {
    throw new SessionError(
      'UNSUPPORTED_SUITE',
      `the proxy does not work on cipher suite ${suiteName(cipherSuite)}`,
    );
  }
  return version === Version.Tls13 ? tls13Keys(suite, delivery) : tls12Keys(suite, delivery, session);
}

function tls13Keys(suite: Suite, { grant, secrets }: Pick<Delivery, 'grant' | 'secrets'>): SessionKeys {
  if (grant === Grant.Epoch) return epochKeys(suite, secrets);
  if (grant < Grant.Session) throw unsupportedGrant(grant);
  const size = MAC_LENGTH[suite.hash];
  if (secrets.length !== 2 * size) throw badSecrets(2 * size, secrets.length);
  const client = Buffer.from(secrets.subarray(0, size));
  const origin = Buffer.from(secrets.subarray(size));
  return {
    suite,
    cipher: (side, { sequence }) =>
      new Tls13Cipher(suite, { secret: side === 'client' ? client : origin }, sequence),
    wipe: () => {
      client.fill(0);
      origin.fill(0);
    },
  };
}

/** client key ‖ client IV ‖ origin key ‖ origin IV: good until a KeyUpdate locks the proxy out. */
function epochKeys(suite: Suite, secrets: Uint8Array): SessionKeys {
  const size = suite.keyLength + suite.ivLength;
  if (secrets.length !== 2 * size) throw badSecrets(2 * size, secrets.length);
  const share = (at: number): RecordKeys => ({
    key: Buffer.from(secrets.subarray(at, at + suite.keyLength)),
    iv: Buffer.from(secrets.subarray(at + suite.keyLength, at + size)),
    macKey: Buffer.alloc(0),
  });
  const client = share(0);
  const origin = share(size);
  return {
    suite,
    cipher: (side, { sequence }) =>
      new Tls13Cipher(suite, { keys: side === 'client' ? client : origin }, sequence),
    wipe: () => {
      wipeKeys(client);
      wipeKeys(origin);
    },
  };
}

function tls12Keys(
  suite: Suite,
  { grant, secrets }: Pick<Delivery, 'grant' | 'secrets'>,
  session: NegotiatedSession,
): SessionKeys {
  const block = tls12Block(suite, grant, secrets, session);
  return {
    suite,
    cipher: (side, { sequence, nonceBase }) => {
      const keys = keysFromBlock(suite, block, side);
      return suite.scheme === 'cbc'
        ? new CbcCipher(suite, keys, sequence, session.encryptThenMac)
        : new Tls12AeadCipher(suite, keys, sequence, nonceBase);
    },
    wipe: () => block.fill(0),
  };
}

function tls12Block(suite: Suite, grant: Grant, secrets: Uint8Array, session: NegotiatedSession): Buffer {
  if (grant === Grant.Session) {
    const size = keyBlockLength(suite);
    if (secrets.length !== size) throw badSecrets(size, secrets.length);
    return Buffer.from(secrets);
  }
  if (grant !== Grant.Full && grant !== Grant.Resume) throw unsupportedGrant(grant);
  if (secrets.length !== MASTER_SECRET_BYTES) throw badSecrets(MASTER_SECRET_BYTES, secrets.length);
  return keyBlock(suite, secrets, session.clientRandom, session.serverRandom);
}

const unsupportedGrant = (grant: Grant) =>
  new SessionError('GRANT_UNSUPPORTED', `the proxy can't become active with the grant ${grantName(grant)}`);

const badSecrets = (wanted: number, got: number) =>
  new SessionError('BAD_SECRETS', `the grant's secrets have ${wanted} bytes, ${got} came`);

/** Whether the delivery leaves the records to the proxy to find (key-log clients). */
export const epochIsUnknown = (delivery: Delivery): boolean =>
  delivery.clientEpochStart === UNKNOWN_RECORD ||
  delivery.originEpochStart === UNKNOWN_RECORD ||
  delivery.clientRecords === UNKNOWN_RECORD;
