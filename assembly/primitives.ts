// Every primitive by itself, for tests and benchmarks. Not a program that a device runs.
export * from "./memory";

export * from "./hash/md5";
export * from "./hash/sha1";
export * from "./hash/sha256";
export * from "./hash/sha512";
export * from "./hash/hash";
export * from "./hash/hmac";
export * from "./hash/keccak";

export { mlKemDecapsulate, mlKemEncapsulate, mlKemKeyPair } from "./kem/ml_kem_768";

export * from "./prf/tls12";
export * from "./prf/tls10";
export * from "./prf/ssl3";
export * from "./prf/hkdf";
export * from "./prf/hmac_drbg";

export { x25519, x25519Base } from "./curve/x25519";
export { invert } from "./curve/inverse";
export { multiply256, square256 } from "./curve/p256";
export { multiply384, square384 } from "./curve/p384";
export { Curve, ecGenerateScalar, ecPublicKey, ecdh } from "./curve/ec";
export { ecdsaSign, ecdsaVerify } from "./curve/ecdsa";

export { rsaPublic, rsaPublicOfSecret } from "./rsa/public_key";
export { rsaSignPkcs1, rsaVerifyPkcs1 } from "./rsa/pkcs1";
export { rsaSignPss, rsaVerifyPss } from "./rsa/pss";
export { rsaEncryptPkcs1 } from "./rsa/encryption";

export { checkDer } from "./x509/der";
export { parseAddress } from "./x509/address";
export { sameName } from "./x509/distinguished_name";
export { matchHostName } from "./x509/host_name";
export { parsePublicKey } from "./x509/public_key";
export { parsePrivateKey } from "./x509/private_key";
export { schemeFitsTls13, signMessage, verifySignature } from "./x509/signature";
export { trustAdd, trustAddDescribed, trustDescribe, trustFree, trustNew } from "./x509/trust";
export { verifyChain } from "./x509/chain";

export { sequenceAllows, sequenceRow } from "./handshake/sequence";
export { deriveSecret, earlySecret, expandLabel, finishedMac, nextSecret, updateTrafficSecret } from "./handshake/tls13/schedule";
export { extendedMasterSecret, keyBlock, masterSecret, verifyData } from "./handshake/tls12/schedule";

export { AES_KEY, aesEncryptBlocks } from "./cipher/aes";
export { aesExpandKey } from "./cipher/aes_key";
export { aesCtr } from "./cipher/ctr";
export { aesCbcDecrypt, aesCbcEncrypt } from "./cipher/cbc";
export { GHASH_KEY, ghash, ghashInit } from "./cipher/ghash";
export { GCM_KEY, gcmInit, gcmOpen, gcmSeal } from "./cipher/gcm";
export { CCM_KEY, ccmInit, ccmOpen, ccmSeal } from "./cipher/ccm";
export { chacha20 } from "./cipher/chacha20";
export { poly1305Final, poly1305Init, poly1305Last, poly1305Padded } from "./cipher/poly1305";
export { chacha20Poly1305Open, chacha20Poly1305Seal } from "./cipher/chacha20poly1305";
export { DES_KEY, desCbcDecrypt, desCbcEncrypt, desExpandKey } from "./cipher/des";
export { RC4_STATE, rc4, rc4Init } from "./cipher/rc4";

export * from "./record/suites";
export * from "./record/protection";
export { FiniteFieldGroup, finiteFieldPower, finiteFieldPrime } from "./rsa/finite_field";
export { dsaVerify } from "./rsa/dsa";
export { ed25519Verify } from "./curve/ed25519";
export { multiply25519, square25519 } from "./curve/field25519";
