// The cipher suites whose records the proxy can open and seal. Names and numbers: the IANA TLS registry.

export type Scheme = 'gcm' | 'ccm' | 'chacha20-poly1305' | 'cbc';
export type HashName = 'sha1' | 'sha256' | 'sha384';

export interface Suite {
  id: number;
  /** 0x0303 or 0x0304. */
  version: number;
  scheme: Scheme;
  /** The cipher as node:crypto calls it. */
  cipher: string;
  /** Of the PRF or the HKDF. */
  hash: HashName;
  keyLength: number;
  /** Bytes of IV in the key block: the implicit part of the nonce. */
  ivLength: number;
  tagLength: number;
  /** CBC alone: the HMAC of each record. */
  mac?: HashName;
}

export const MAC_LENGTH: Readonly<Record<HashName, number>> = { sha1: 20, sha256: 32, sha384: 48 };

const gcm = (bits: 128 | 256) => ({
  scheme: 'gcm' as const,
  cipher: `aes-${bits}-gcm`,
  hash: bits === 128 ? ('sha256' as const) : ('sha384' as const),
  keyLength: bits / 8,
  ivLength: 4,
  tagLength: 16,
});
const ccm = (bits: 128 | 256, tagLength: 8 | 16) => ({
  scheme: 'ccm' as const,
  cipher: `aes-${bits}-ccm`,
  hash: 'sha256' as const,
  keyLength: bits / 8,
  ivLength: 4,
  tagLength,
});
const chacha20 = () => ({
  scheme: 'chacha20-poly1305' as const,
  cipher: 'chacha20-poly1305',
  hash: 'sha256' as const,
  keyLength: 32,
  ivLength: 12,
  tagLength: 16,
});
const cbc = (bits: 128 | 256, mac: HashName) => ({
  scheme: 'cbc' as const,
  cipher: `aes-${bits}-cbc`,
  // RFC 5246 §5: SHA-256 unless the suite says otherwise; RFC 5289 §3.1 does, for SHA-384.
  hash: mac === 'sha384' ? ('sha384' as const) : ('sha256' as const),
  keyLength: bits / 8,
  ivLength: 0,
  tagLength: 0,
  mac,
});

type Protection = Omit<Suite, 'id' | 'version'>;
const SUITES = new Map<number, Suite>();

function tls13(protection: Protection, id: number): void {
  // RFC 8446 §5.3: the whole nonce is derived, whatever the cipher.
  SUITES.set(id, { ...protection, ivLength: 12, id, version: 0x0304 });
}
function tls12(protection: Protection, ...ids: number[]): void {
  for (const id of ids) SUITES.set(id, { ...protection, id, version: 0x0303 });
}

tls13(gcm(128), 0x1301);
tls13(gcm(256), 0x1302);
tls13(chacha20(), 0x1303);
tls13(ccm(128, 16), 0x1304);
tls13(ccm(128, 8), 0x1305);

// In each line: ECDHE_ECDSA, ECDHE_RSA, DHE_RSA, RSA where they exist.
tls12(gcm(128), 0xc02b, 0xc02f, 0x009e, 0x009c);
tls12(gcm(256), 0xc02c, 0xc030, 0x009f, 0x009d);
tls12(chacha20(), 0xcca9, 0xcca8, 0xccaa);
tls12(ccm(128, 16), 0xc0ac, 0xc09e, 0xc09c);
tls12(ccm(256, 16), 0xc0ad, 0xc09f, 0xc09d);
tls12(ccm(128, 8), 0xc0ae, 0xc0a2, 0xc0a0);
tls12(ccm(256, 8), 0xc0af, 0xc0a3, 0xc0a1);
tls12(cbc(128, 'sha1'), 0xc009, 0xc013, 0x0033, 0x002f);
tls12(cbc(256, 'sha1'), 0xc00a, 0xc014, 0x0039, 0x0035);
tls12(cbc(128, 'sha256'), 0xc023, 0xc027, 0x0067, 0x003c);
tls12(cbc(256, 'sha256'), 0x006b, 0x003d);
tls12(cbc(256, 'sha384'), 0xc024, 0xc028);

export const suiteOf = (id: number): Suite | undefined => SUITES.get(id);

export const suiteName = (id: number): string => `0x${id.toString(16).padStart(4, '0')}`;
