// The one table of cipher suites of the host: numbers and names of the IANA TLS registry, and what each name says of keys
// and records. The device program has its own, packed for its size; a test holds the two against each other.

export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384';
export type KeyExchange = 'ECDHE_ECDSA' | 'ECDHE_RSA' | 'DHE_RSA' | 'DHE_DSS' | 'RSA';
export type Cipher =
  | 'AES_128_GCM'
  | 'AES_256_GCM'
  | 'AES_128_CCM'
  | 'AES_256_CCM'
  | 'AES_128_CCM_8'
  | 'AES_256_CCM_8'
  | 'CHACHA20_POLY1305'
  | 'AES_128_CBC'
  | 'AES_256_CBC'
  | '3DES_EDE_CBC'
  | 'DES_CBC'
  | 'RC4_128';

export interface CipherSuite {
  readonly id: number;
  readonly name: string;
  /** Undefined in TLS 1.3, whose suites do not name one. */
  readonly keyExchange: KeyExchange | undefined;
  readonly cipher: Cipher;
  /** Of the PRF (TLS 1.2) or the HKDF (TLS 1.3). */
  readonly hash: 'sha256' | 'sha384';
  /** The HMAC of each record; undefined for an AEAD. */
  readonly mac: HashName | undefined;
}

const NAMES: readonly (readonly [id: number, name: string])[] = [
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1304, 'TLS_AES_128_CCM_SHA256'],
  [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'],
  [0xc0ad, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM'],
  [0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
  [0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8'],
  [0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
  [0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'],
  [0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
  [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'],
  [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xccaa, 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xc09e, 'TLS_DHE_RSA_WITH_AES_128_CCM'],
  [0xc09f, 'TLS_DHE_RSA_WITH_AES_256_CCM'],
  [0xc0a2, 'TLS_DHE_RSA_WITH_AES_128_CCM_8'],
  [0xc0a3, 'TLS_DHE_RSA_WITH_AES_256_CCM_8'],
  [0x0067, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0x006b, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256'],
  [0x0033, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'],
  [0x0039, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'],
  [0x00a2, 'TLS_DHE_DSS_WITH_AES_128_GCM_SHA256'],
  [0x00a3, 'TLS_DHE_DSS_WITH_AES_256_GCM_SHA384'],
  [0x0040, 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA256'],
  [0x006a, 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA256'],
  [0x0032, 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA'],
  [0x0038, 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
  [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
  [0xc09c, 'TLS_RSA_WITH_AES_128_CCM'],
  [0xc09d, 'TLS_RSA_WITH_AES_256_CCM'],
  [0xc0a0, 'TLS_RSA_WITH_AES_128_CCM_8'],
  [0xc0a1, 'TLS_RSA_WITH_AES_256_CCM_8'],
  [0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256'],
  [0x003d, 'TLS_RSA_WITH_AES_256_CBC_SHA256'],
  [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
  [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'],
  [0xc008, 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA'],
  [0xc012, 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x0016, 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x0013, 'TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA'],
  [0x000a, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'],
  [0x0015, 'TLS_DHE_RSA_WITH_DES_CBC_SHA'],
  [0x0012, 'TLS_DHE_DSS_WITH_DES_CBC_SHA'],
  [0x0009, 'TLS_RSA_WITH_DES_CBC_SHA'],
  [0xc007, 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA'],
  [0xc011, 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'],
  [0x0005, 'TLS_RSA_WITH_RC4_128_SHA'],
  [0x0004, 'TLS_RSA_WITH_RC4_128_MD5'],
];

/** RFC 9846 §B.4 and the names of TLS 1.2 alike: key exchange where there is one, cipher, hash where one is named. */
const NAME = /^TLS_(?:([A-Z_]+)_WITH_)?([A-Z0-9_]+?)(?:_(MD5|SHA|SHA256|SHA384))?$/;
const HASHES: Readonly<Record<string, HashName>> = {
  MD5: 'md5',
  SHA: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
};

function parseName(id: number, name: string): CipherSuite {
  const [, keyExchange, cipher, hashName] = NAME.exec(name) ?? [];
  const named = HASHES[hashName ?? ''];
  const isAead = /GCM|CCM|POLY1305/.test(name);
  return {
    id,
    name,
    keyExchange: keyExchange as KeyExchange | undefined,
    cipher: cipher as Cipher,
    // RFC 5246 §5: SHA-256 unless the suite names a stronger one (RFC 5289 §3.1).
    hash: named === 'sha384' ? 'sha384' : 'sha256',
    mac: isAead ? undefined : named,
  };
}

export const CIPHER_SUITES: ReadonlyMap<number, CipherSuite> = new Map(
  NAMES.map(([id, name]) => [id, parseName(id, name)]),
);

const NUMBERS: ReadonlyMap<string, number> = new Map(NAMES.map(([id, name]) => [name, id]));

/** The number of a suite of the table. */
export function suiteNumber(name: string): number {
  const id = NUMBERS.get(name);
  if (id === undefined) throw new RangeError(`no cipher suite is called ${name}`);
  return id;
}
