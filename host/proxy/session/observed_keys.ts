// The keys of an observed session: those of a CBC suite without its MAC keys, or those of an epoch that is over.

import type { Delivery } from '../../delegation/delivery.js';
import { Grant } from '../../delegation/grant.js';
import { suiteName } from '../../tls/names.js';
import { Version } from '../../tls/numbers.js';
import { SessionError } from '../error.js';
import { CbcReader } from '../record/cbc_reader.js';
import type { HandshakeView } from '../record/handshake_view.js';
import { type NegotiatedSession, type SessionKeys, type Side, sessionKeys } from '../record/session_keys.js';
import { suiteOf } from '../record/suite.js';
import type { LiveReader } from './observation.js';

/** Finished of TLS 1.2 (RFC 5246 §7.4.9): type 20, 12 bytes. */
const FINISHED = Buffer.from([20, 0, 0, 12]);

/**
 * Reads at once where the delivery has keys, proved on both Finished messages; undefined where they come later. Throws
 * BAD_SECRETS, WRONG_SECRET, UNSUPPORTED_SUITE, GRANT_UNSUPPORTED.
 */
export function liveReader(
  { secrets }: Pick<Delivery, 'secrets'>,
  session: NegotiatedSession,
  view: HandshakeView,
): LiveReader | undefined {
  const suite = suiteOf(session.cipherSuite);
  if (suite === undefined || suite.version !== session.version) {
    const name = suiteName(session.cipherSuite);
    throw new SessionError('UNSUPPORTED_SUITE', `the proxy does not work on cipher suite ${name}`);
  }
  if (suite.scheme !== 'cbc') {
    if (secrets.length === 0) return undefined;
    const why = 'keys in use would let the proxy write: they are not taken to observe';
    throw new SessionError('GRANT_UNSUPPORTED', why);
  }
  const { keyLength } = suite;
  if (secrets.length !== 2 * keyLength) {
    throw new SessionError('BAD_SECRETS', `two keys have ${2 * keyLength} bytes, ${secrets.length} came`);
  }
  const reader = (at: number) =>
    new CbcReader(suite, Buffer.from(secrets.subarray(at, at + keyLength)), session.encryptThenMac);
  const readers: Record<Side, CbcReader> = { client: reader(0), origin: reader(keyLength) };
  const live: LiveReader = {
    open: (side, record) => readers[side].open(record),
    wipe: () => {
      readers.client.wipe();
      readers.origin.wipe();
    },
  };
  try {
    for (const side of ['client', 'origin'] as const) prove(live, side, view[side].finished);
    return live;
  } catch (error) {
    live.wipe();
    throw error;
  }
}

function prove(live: LiveReader, side: Side, finished: Buffer | undefined): void {
  const content = finished && live.open(side, finished).content;
  if (content?.length === 16 && content.subarray(0, 4).equals(FINISHED)) return;
  throw new SessionError('WRONG_SECRET', 'the delivered keys do not read the handshake of this session');
}

/** Keys that the client released: of a TLS 1.3 epoch, or of a TLS 1.2 AEAD. */
export function releasedKeys(secrets: Uint8Array, session: NegotiatedSession): SessionKeys {
  const grant = session.version === Version.Tls13 ? Grant.Epoch : Grant.Session;
  return sessionKeys({ grant, secrets }, session);
}
