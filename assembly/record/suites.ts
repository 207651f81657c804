// The one table of cipher suites: what each number of a hello means for keys and record protection.
// Numbers and names: IANA "TLS Cipher Suites"; RFC 9846 §B.4, 5288, 5289, 7905, 8422, 6655, 7251, 5246 §A.5, 4492, 6101 §A.6.

import { HashId } from "../hash/hash";

/** How records of an epoch are protected. */
export enum Scheme {
  Null = 0,
  AesGcm = 1,
  ChaCha20Poly1305 = 2,
  AesCcm = 3,
  AesCcm8 = 4,
  AesCbc = 5,
  TripleDesCbc = 6,
  DesCbc = 7,
  Rc4 = 8,
}

/** Which key exchange a suite names; TLS 1.3 suites name none. */
export enum KeyExchange {
  Tls13 = 0,
  EcdheRsa = 1,
  EcdheEcdsa = 2,
  Rsa = 3,
  DheRsa = 4,
  DheDss = 5,
}

// One row is two u32: `number << 16 | scheme << 8 | key exchange << 4 | legacy`, `key length << 16 | PRF hash << 8 | MAC hash`.
// Lengths of MAC keys and IVs follow from these. PRF hash: what TLS 1.2 and 1.3 derive keys with (earlier versions have one PRF).
// A suite is legacy where it lacks forward secrecy, or its cipher is RC4, DES or 3DES, or its key exchange is one of the finite fields.
const SUITES = memory.data<u32>([
  0x13010100, 0x00100400, // TLS_AES_128_GCM_SHA256
  0x13020100, 0x00200500, // TLS_AES_256_GCM_SHA384
  0x13030200, 0x00200400, // TLS_CHACHA20_POLY1305_SHA256
  0x13040300, 0x00100400, // TLS_AES_128_CCM_SHA256
  0x13050400, 0x00100400, // TLS_AES_128_CCM_8_SHA256
  0xc02b0120, 0x00100400, // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
  0xc02c0120, 0x00200500, // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
  0xc02f0110, 0x00100400, // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
  0xc0300110, 0x00200500, // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
  0xcca90220, 0x00200400, // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
  0xcca80210, 0x00200400, // TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
  0xc0ac0320, 0x00100400, // TLS_ECDHE_ECDSA_WITH_AES_128_CCM
  0xc0ad0320, 0x00200400, // TLS_ECDHE_ECDSA_WITH_AES_256_CCM
  0xc0ae0420, 0x00100400, // TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
  0xc0af0420, 0x00200400, // TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8
  0xc0230520, 0x00100404, // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
  0xc0240520, 0x00200505, // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
  0xc0270510, 0x00100404, // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
  0xc0280510, 0x00200505, // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
  0xc0090520, 0x00100402, // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
  0xc00a0520, 0x00200402, // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
  0xc0130510, 0x00100402, // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
  0xc0140510, 0x00200402, // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
  // Legacy from here on.
  0x009e0141, 0x00100400, // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
  0x009f0141, 0x00200500, // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
  0xccaa0241, 0x00200400, // TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
  0xc09e0341, 0x00100400, // TLS_DHE_RSA_WITH_AES_128_CCM
  0xc09f0341, 0x00200400, // TLS_DHE_RSA_WITH_AES_256_CCM
  0xc0a20441, 0x00100400, // TLS_DHE_RSA_WITH_AES_128_CCM_8
  0xc0a30441, 0x00200400, // TLS_DHE_RSA_WITH_AES_256_CCM_8
  0x00670541, 0x00100404, // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
  0x006b0541, 0x00200404, // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
  0x00330541, 0x00100402, // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
  0x00390541, 0x00200402, // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
  0x00a20151, 0x00100400, // TLS_DHE_DSS_WITH_AES_128_GCM_SHA256
  0x00a30151, 0x00200500, // TLS_DHE_DSS_WITH_AES_256_GCM_SHA384
  0x00400551, 0x00100404, // TLS_DHE_DSS_WITH_AES_128_CBC_SHA256
  0x006a0551, 0x00200404, // TLS_DHE_DSS_WITH_AES_256_CBC_SHA256
  0x00320551, 0x00100402, // TLS_DHE_DSS_WITH_AES_128_CBC_SHA
  0x00380551, 0x00200402, // TLS_DHE_DSS_WITH_AES_256_CBC_SHA
  0x009c0131, 0x00100400, // TLS_RSA_WITH_AES_128_GCM_SHA256
  0x009d0131, 0x00200500, // TLS_RSA_WITH_AES_256_GCM_SHA384
  0xc09c0331, 0x00100400, // TLS_RSA_WITH_AES_128_CCM
  0xc09d0331, 0x00200400, // TLS_RSA_WITH_AES_256_CCM
  0xc0a00431, 0x00100400, // TLS_RSA_WITH_AES_128_CCM_8
  0xc0a10431, 0x00200400, // TLS_RSA_WITH_AES_256_CCM_8
  0x003c0531, 0x00100404, // TLS_RSA_WITH_AES_128_CBC_SHA256
  0x003d0531, 0x00200404, // TLS_RSA_WITH_AES_256_CBC_SHA256
  0x002f0531, 0x00100402, // TLS_RSA_WITH_AES_128_CBC_SHA
  0x00350531, 0x00200402, // TLS_RSA_WITH_AES_256_CBC_SHA
  0xc0080621, 0x00180402, // TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
  0xc0120611, 0x00180402, // TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
  0x00160641, 0x00180402, // TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA
  0x00130651, 0x00180402, // TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA
  0x000a0631, 0x00180402, // TLS_RSA_WITH_3DES_EDE_CBC_SHA
  0x00150741, 0x00080402, // TLS_DHE_RSA_WITH_DES_CBC_SHA
  0x00120751, 0x00080402, // TLS_DHE_DSS_WITH_DES_CBC_SHA
  0x00090731, 0x00080402, // TLS_RSA_WITH_DES_CBC_SHA
  0xc0070821, 0x00100402, // TLS_ECDHE_ECDSA_WITH_RC4_128_SHA
  0xc0110811, 0x00100402, // TLS_ECDHE_RSA_WITH_RC4_128_SHA
  0x00050831, 0x00100402, // TLS_RSA_WITH_RC4_128_SHA
  0x00040831, 0x00100401, // TLS_RSA_WITH_RC4_128_MD5
  0, 0,
], 4);

/** The row of suite `id`, or of the terminating zeros where it is unknown. */
function row(id: i32): usize {
  let at: usize = SUITES;
  while (load<u32>(at) != 0 && (load<u16>(at, 2) as i32) != id) at += 8;
  return at;
}

/** 1 where the suite is in the table. */
export function suiteKnown(id: i32): i32 {
  return i32(load<u32>(row(id)) != 0);
}

/** 1 where the suite is offered only after the legacy switch is turned on. */
export function suiteLegacy(id: i32): i32 {
  return (load<u8>(row(id)) as i32) & 1;
}

export function suiteScheme(id: i32): Scheme {
  return load<u8>(row(id), 1) as Scheme;
}

export function suiteKeyExchange(id: i32): KeyExchange {
  return ((load<u8>(row(id)) as i32) >> 4) as KeyExchange;
}

export function suiteIsTls13(id: i32): i32 {
  return i32(id >> 8 == 0x13 && suiteKnown(id) != 0);
}

/** Hash of the TLS 1.2 PRF or the TLS 1.3 key schedule. */
export function suiteHash(id: i32): HashId {
  return load<u8>(row(id), 5) as HashId;
}

/** Length of the cipher's key in bytes. */
export function suiteKeyLength(id: i32): i32 {
  return load<u8>(row(id), 6) as i32;
}

/** Hash of the record MAC, 0 where the cipher authenticates by itself. */
export function suiteMacHash(id: i32): HashId {
  return load<u8>(row(id), 4) as HashId;
}

/** Length of the MAC key, which is also that of the MAC (RFC 5246 §6.2.3.1), in bytes; 0 for an AEAD. */
export function suiteMacKeyLength(id: i32): i32 {
  const hash = load<u8>(row(id), 4) as i32;
  return hash == HashId.Md5 ? 16 : hash == HashId.Sha1 ? 20 : hash == HashId.Sha256 ? 32 : hash == HashId.Sha384 ? 48 : 0;
}

/**
 * Length of the IV that the key schedule or key block yields from TLS 1.1 on: 12 in TLS 1.3 and for ChaCha20-Poly1305
 * (RFC 7905 §2), the 4 bytes of salt for GCM and CCM in TLS 1.2 (RFC 5288 §3), 0 for CBC with its explicit IVs and for RC4.
 */
export function suiteFixedIvLength(id: i32): i32 {
  const scheme = suiteScheme(id);
  if (scheme == Scheme.ChaCha20Poly1305) return 12;
  if (scheme == Scheme.AesGcm || scheme == Scheme.AesCcm || scheme == Scheme.AesCcm8) return id >> 8 == 0x13 ? 12 : 4;
  return 0;
}

/** Length of the first IV that SSL 3.0 and TLS 1.0 take from the key block (RFC 2246 §6.3): a cipher block, 0 for RC4. */
export function suiteBlockIvLength(id: i32): i32 {
  const scheme = suiteScheme(id);
  return scheme == Scheme.AesCbc ? 16 : scheme == Scheme.TripleDesCbc || scheme == Scheme.DesCbc ? 8 : 0;
}
