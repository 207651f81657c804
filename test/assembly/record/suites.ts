// The suites that the tests run, one of each kind of protection, and what the RFCs say of them.

export const [SSL30, TLS10, TLS11, TLS12, TLS13] = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304] as const;

export interface Suite {
  id: number;
  name: string;
  versions: number[];
  keyLength: number;
  /** Cipher in node:crypto; RC4 is written below. */
  cipher: string;
  kind: 'aead' | 'cbc' | 'stream';
  tagLength?: number;
  block?: number;
  mac?: 'md5' | 'sha1' | 'sha256' | 'sha384';
}

const OLD = [SSL30, TLS10, TLS11, TLS12];

const aead = (
  id: number,
  name: string,
  version: number,
  keyLength: number,
  cipher: string,
  tagLength = 16,
): Suite => ({
  id,
  name,
  versions: [version],
  keyLength,
  cipher,
  kind: 'aead',
  tagLength,
});
const cbc = (
  id: number,
  name: string,
  versions: number[],
  keyLength: number,
  cipher: string,
  block: number,
  mac: Suite['mac'],
) => ({ id, name, versions, keyLength, cipher, kind: 'cbc', block, mac }) as Suite;

export const SUITES: Suite[] = [
  aead(0x1301, 'TLS_AES_128_GCM_SHA256', TLS13, 16, 'aes-128-gcm'),
  aead(0x1302, 'TLS_AES_256_GCM_SHA384', TLS13, 32, 'aes-256-gcm'),
  aead(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', TLS13, 32, 'chacha20-poly1305'),
  aead(0x1304, 'TLS_AES_128_CCM_SHA256', TLS13, 16, 'aes-128-ccm'),
  aead(0x1305, 'TLS_AES_128_CCM_8_SHA256', TLS13, 16, 'aes-128-ccm', 8),
  aead(0xc02f, 'ECDHE_RSA_WITH_AES_128_GCM_SHA256', TLS12, 16, 'aes-128-gcm'),
  aead(0xc02c, 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', TLS12, 32, 'aes-256-gcm'),
  aead(0xcca8, 'ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', TLS12, 32, 'chacha20-poly1305'),
  aead(0xc0ac, 'ECDHE_ECDSA_WITH_AES_128_CCM', TLS12, 16, 'aes-128-ccm'),
  aead(0xc0af, 'ECDHE_ECDSA_WITH_AES_256_CCM_8', TLS12, 32, 'aes-256-ccm', 8),
  cbc(0xc013, 'ECDHE_RSA_WITH_AES_128_CBC_SHA', OLD, 16, 'aes-128-cbc', 16, 'sha1'),
  cbc(0xc014, 'ECDHE_RSA_WITH_AES_256_CBC_SHA', OLD, 32, 'aes-256-cbc', 16, 'sha1'),
  cbc(0xc027, 'ECDHE_RSA_WITH_AES_128_CBC_SHA256', [TLS12], 16, 'aes-128-cbc', 16, 'sha256'),
  cbc(0xc028, 'ECDHE_RSA_WITH_AES_256_CBC_SHA384', [TLS12], 32, 'aes-256-cbc', 16, 'sha384'),
  cbc(0x000a, 'RSA_WITH_3DES_EDE_CBC_SHA', OLD, 24, 'des-ede3-cbc', 8, 'sha1'),
  cbc(0x0009, 'RSA_WITH_DES_CBC_SHA', OLD, 8, 'des-ede3-cbc', 8, 'sha1'),
  {
    id: 0x0004,
    name: 'RSA_WITH_RC4_128_MD5',
    versions: OLD,
    keyLength: 16,
    cipher: 'rc4',
    kind: 'stream',
    mac: 'md5',
  },
  {
    id: 0x0005,
    name: 'RSA_WITH_RC4_128_SHA',
    versions: OLD,
    keyLength: 16,
    cipher: 'rc4',
    kind: 'stream',
    mac: 'sha1',
  },
];

export const macSizes = { md5: 16, sha1: 20, sha256: 32, sha384: 48 };
