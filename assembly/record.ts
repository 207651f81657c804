// Entry point of the `record` program: hashes, MACs, ciphers and record protection alone, for devices that let something else
// shake hands. Integers and pointers only; no imports.
export { allocate, release } from "./memory";
export { drbgSeed as seed, drbgGenerate as random } from "./prf/hmac_drbg";

export { HASH_CONTEXT, hashDigest, hashFinal, hashInit, hashSize, hashUpdate } from "./hash/hash";
export { HMAC_CONTEXT, hmacDigest, hmacFinal, hmacInit, hmacUpdate } from "./hash/hmac";
export { tls12Prf } from "./prf/tls12";
export { tls10Prf } from "./prf/tls10";
export { ssl3Prf } from "./prf/ssl3";
export { hkdfExpand, hkdfExpandLabel, hkdfExtract } from "./prf/hkdf";

export { AES_KEY } from "./cipher/aes";
export { aesExpandKey } from "./cipher/aes_key";
export { aesCbcDecrypt, aesCbcEncrypt } from "./cipher/cbc";
export { GCM_KEY, gcmInit, gcmOpen, gcmSeal } from "./cipher/gcm";
export { CCM_KEY, ccmInit, ccmOpen, ccmSeal } from "./cipher/ccm";
export { chacha20 } from "./cipher/chacha20";
export { chacha20Poly1305Open, chacha20Poly1305Seal } from "./cipher/chacha20poly1305";
export { DES_KEY, desCbcDecrypt, desCbcEncrypt, desExpandKey } from "./cipher/des";
export { RC4_STATE, rc4, rc4Init } from "./cipher/rc4";

export {
  PROTECTION_CONTEXT, SEAL_HEADROOM, SEAL_TAILROOM, openRecord, openedStart, openedType, protectionEncryptThenMac, protectionInit,
  protectionNull, protectionSequence, protectionWipe, recordSequence, sealRecord,
} from "./record/protection";

// What each suite takes from the key block or key schedule.
export { suiteBlockIvLength, suiteFixedIvLength, suiteKeyLength, suiteKnown, suiteMacKeyLength } from "./record/suites";
