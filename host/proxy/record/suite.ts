// The cipher suites whose records the proxy can open and seal by node:crypto.
import { Version } from '../../tls/numbers.js';
import { CIPHER_SUITES, type CipherSuite, type HashName } from '../../tls/suites.js';

export type { HashName };
export type Scheme = 'gcm' | 'ccm' | 'chacha20-poly1305' | 'cbc';

export interface Suite {
  id: number;
  /** 0x0303 or 0x0304. */
  version: number;
  scheme: Scheme;
  /** The cipher as node:crypto calls it. */
  cipher: string;
  /** Of the PRF or the HKDF. */
  hash: 'sha256' | 'sha384';
  keyLength: number;
  /** Bytes of IV in the key block: the implicit part of the nonce. */
  ivLength: number;
  tagLength: number;
  /** CBC alone: the HMAC of each record. */
  mac?: HashName;
}

export const MAC_LENGTH: Readonly<Record<HashName, number>> = { md5: 16, sha1: 20, sha256: 32, sha384: 48 };

/** RFC 5288 §3, 6655 §3: the salt. TLS 1.3 derives the whole nonce, whatever the cipher (RFC 9846 §5.3). */
const SALT_LENGTH = 4;

function protectionOf(suite: CipherSuite): Omit<Suite, 'id' | 'version' | 'hash'> | undefined {
  const [, bits, mode, short] = /^AES_(128|256)_(GCM|CCM|CBC)(_8)?$/.exec(suite.cipher) ?? [];
  const keyLength = Number(bits) / 8;
  const ivLength = suite.keyExchange === undefined ? 12 : SALT_LENGTH;
  switch (mode) {
    case 'GCM':
      return { scheme: 'gcm', cipher: `aes-${bits}-gcm`, keyLength, ivLength, tagLength: 16 };
    case 'CCM':
      return { scheme: 'ccm', cipher: `aes-${bits}-ccm`, keyLength, ivLength, tagLength: short ? 8 : 16 };
    case 'CBC': {
      const { mac } = suite;
      return mac && { scheme: 'cbc', cipher: `aes-${bits}-cbc`, keyLength, ivLength: 0, tagLength: 0, mac };
    }
  }
  if (suite.cipher !== 'CHACHA20_POLY1305') return undefined;
  const name = 'chacha20-poly1305';
  return { scheme: name, cipher: name, keyLength: 32, ivLength: 12, tagLength: 16 };
}

const SUITES = new Map<number, Suite>();
for (const suite of CIPHER_SUITES.values()) {
  const protection = protectionOf(suite);
  // DHE_DSS came with the old versions and stays with them, in legacy.ts.
  if (protection === undefined || suite.keyExchange === 'DHE_DSS') continue;
  const version = suite.keyExchange === undefined ? Version.Tls13 : Version.Tls12;
  SUITES.set(suite.id, { ...protection, id: suite.id, version, hash: suite.hash });
}

export const suiteOf = (id: number): Suite | undefined => SUITES.get(id);
