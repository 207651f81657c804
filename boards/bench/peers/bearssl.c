// BearSSL behind the names and arguments of Deputy's exports (assembly/primitives.ts), so that the same plan measures both.
// Compiled to wasm by clang as a peer on wasm3, and by the board's compiler as the native floor.
//
// BearSSL has several implementations of most things: `use` picks one, as its own applications do by naming it.
#include <string.h>
#include "bearssl.h"

#ifdef __wasm__
#define EXPORT(NAME) __attribute__((export_name(#NAME)))
#else
#define EXPORT(NAME)
#endif

enum { ARENA = 192 * 1024, P256 = 23, HEADROOM = 48 };

static unsigned char arena[ARENA] __attribute__((aligned(16)));
static size_t taken;

EXPORT(allocate) void *allocate(int length) {
  size_t room = ((size_t)length + 15) & ~(size_t)15;
  if (room > ARENA - taken) return NULL;
  taken += room;
  return arena + taken - room;
}

static struct {
  const br_block_ctr_class *ctr;
  const br_block_cbcenc_class *encrypt;
  const br_block_cbcdec_class *decrypt;
} const aesChoices[] = {
    {&br_aes_big_ctr_vtable, &br_aes_big_cbcenc_vtable, &br_aes_big_cbcdec_vtable},
    {&br_aes_small_ctr_vtable, &br_aes_small_cbcenc_vtable, &br_aes_small_cbcdec_vtable},
    {&br_aes_ct_ctr_vtable, &br_aes_ct_cbcenc_vtable, &br_aes_ct_cbcdec_vtable},
    {&br_aes_ct64_ctr_vtable, &br_aes_ct64_cbcenc_vtable, &br_aes_ct64_cbcdec_vtable},
}, *aes = aesChoices;

static const br_ghash ghashChoices[] = {br_ghash_ctmul, br_ghash_ctmul32, br_ghash_ctmul64};
static br_ghash ghash = br_ghash_ctmul;

static const br_poly1305_run polyChoices[] = {br_poly1305_ctmul_run, br_poly1305_ctmul32_run, br_poly1305_i15_run};
static br_poly1305_run poly1305 = br_poly1305_ctmul_run;

static const br_block_cbcenc_class *const desChoices[] = {&br_des_tab_cbcenc_vtable, &br_des_ct_cbcenc_vtable};
static const br_block_cbcenc_class *des = &br_des_tab_cbcenc_vtable;

static struct {
  const br_ec_impl *ec;
  br_ecdsa_vrfy verify;
  br_ecdsa_sign sign;
} const p256Choices[] = {
    {&br_ec_p256_m15, br_ecdsa_i15_vrfy_asn1, br_ecdsa_i15_sign_asn1},
    {&br_ec_p256_m31, br_ecdsa_i31_vrfy_asn1, br_ecdsa_i31_sign_asn1},
    {&br_ec_prime_i15, br_ecdsa_i15_vrfy_asn1, br_ecdsa_i15_sign_asn1},
    {&br_ec_prime_i31, br_ecdsa_i31_vrfy_asn1, br_ecdsa_i31_sign_asn1},
}, *p256 = p256Choices;

static const br_ec_impl *const c25519Choices[] = {&br_ec_c25519_m15, &br_ec_c25519_m31, &br_ec_c25519_i15, &br_ec_c25519_i31};
static const br_ec_impl *c25519 = &br_ec_c25519_m15;

static const br_rsa_pkcs1_vrfy rsaChoices[] = {br_rsa_i15_pkcs1_vrfy, br_rsa_i31_pkcs1_vrfy, br_rsa_i32_pkcs1_vrfy};
static br_rsa_pkcs1_vrfy rsaVerify = br_rsa_i15_pkcs1_vrfy;

/** Picks an implementation of one thing, by the order of the lists above. */
EXPORT(use) void use(int what, int which) {
  switch (what) {
    case 0: aes = &aesChoices[which]; break;
    case 1: ghash = ghashChoices[which]; break;
    case 2: poly1305 = polyChoices[which]; break;
    case 3: des = desChoices[which]; break;
    case 4: p256 = &p256Choices[which]; break;
    case 5: c25519 = c25519Choices[which]; break;
    case 6: rsaVerify = rsaChoices[which]; break;
  }
}

// By the numbers of TLS' HashAlgorithm.
static const br_hash_class *hashClass(int id) {
  static const br_hash_class *const classes[] = {
      NULL, &br_md5_vtable, &br_sha1_vtable, NULL, &br_sha256_vtable, &br_sha384_vtable, &br_sha512_vtable};
  return classes[id];
}

EXPORT(hashDigest) void hashDigest(int id, const void *data, int length, void *out) {
  br_hash_compat_context context;
  const br_hash_class *hash = hashClass(id);
  hash->init(&context.vtable);
  hash->update(&context.vtable, data, length);
  hash->out(&context.vtable, out);
}

EXPORT(hmacDigest)
void hmacDigest(int id, const void *key, int keyLength, const void *data, int length, void *out) {
  br_hmac_key_context keyed;
  br_hmac_context context;
  br_hmac_key_init(&keyed, hashClass(id), key, keyLength);
  br_hmac_init(&context, &keyed, 0);
  br_hmac_update(&context, data, length);
  br_hmac_out(&context, out);
}

EXPORT(tls12Prf)
void tls12Prf(int id, const void *secret, int secretLength, const void *label, int labelLength, const void *seed,
              int seedLength, void *out, int outLength) {
  char text[32];
  memcpy(text, label, labelLength);
  text[labelLength] = 0;
  br_tls_prf_seed_chunk chunk = {seed, seedLength};
  (id == 5 ? br_tls12_sha384_prf : br_tls12_sha256_prf)(out, outLength, secret, secretLength, text, 1, &chunk);
}

typedef struct {
  br_aes_gen_ctr_keys aes;
  br_gcm_context gcm;
} Gcm;

EXPORT(gcmInit) void gcmInit(Gcm *context, const void *key, int keyLength) {
  aes->ctr->init(&context->aes.vtable, key, keyLength);
  br_gcm_init(&context->gcm, &context->aes.vtable, ghash);
}

EXPORT(gcmSeal)
void gcmSeal(Gcm *context, const void *nonce, const void *aad, int aadLength, void *data, int length, void *tag) {
  br_gcm_reset(&context->gcm, nonce, 12);
  br_gcm_aad_inject(&context->gcm, aad, aadLength);
  br_gcm_flip(&context->gcm);
  br_gcm_run(&context->gcm, 1, data, length);
  br_gcm_get_tag(&context->gcm, tag);
}

EXPORT(chacha20Poly1305Seal)
void chacha20Poly1305Seal(const void *key, const void *nonce, const void *aad, int aadLength, void *data, int length,
                          void *tag) {
  poly1305(key, nonce, data, length, aad, aadLength, tag, br_chacha20_ct_run, 1);
}

EXPORT(desExpandKey) void desExpandKey(br_des_gen_cbcenc_keys *out, const void *key, int length, int decrypt) {
  (void)decrypt;
  des->init(&out->vtable, key, length);
}

EXPORT(desCbcEncrypt) void desCbcEncrypt(br_des_gen_cbcenc_keys *key, void *iv, void *data, int length) {
  key->vtable->run(&key->vtable, iv, data, length);
}

typedef struct {
  union {
    br_sslrec_in_cbc_context in;
    br_sslrec_out_cbc_context out;
  } cbc;
  unsigned char *opened;
} Protection;

EXPORT(protectionInit)
int protectionInit(Protection *context, int suite, int version, const void *key, const void *iv, const void *macKey,
                   int seal) {
  const br_hash_class *hash = suite == 0xc027 ? &br_sha256_vtable : &br_sha1_vtable;
  size_t mac = suite == 0xc027 ? 32 : 20;
  (void)version, (void)iv;
  if (seal)
    br_sslrec_out_cbc_vtable.init((void *)&context->cbc.out, aes->encrypt, key, 16, hash, macKey, mac, mac, NULL);
  else
    br_sslrec_in_cbc_vtable.init((void *)&context->cbc.in, aes->decrypt, key, 16, hash, macKey, mac, mac, NULL);
  return 0;
}

EXPORT(sealRecord) int sealRecord(Protection *context, int type, unsigned char *out, int length) {
  size_t sealed = length;
  unsigned char *record = br_sslrec_out_cbc_vtable.inner.encrypt((void *)&context->cbc.out, type, 0x0303, out + HEADROOM, &sealed);
  memmove(out, record, sealed);
  return sealed;
}

EXPORT(openRecord) int openRecord(Protection *context, unsigned char *record, int length) {
  size_t opened = length - 5;
  if (!br_sslrec_in_cbc_vtable.inner.check_length((void *)&context->cbc.in, opened)) return -1;
  context->opened = br_sslrec_in_cbc_vtable.inner.decrypt((void *)&context->cbc.in, record[0], 0x0303, record + 5, &opened);
  return context->opened ? (int)opened : -1;
}

EXPORT(openedStart) void *openedStart(Protection *context) { return context->opened; }

EXPORT(x25519) int x25519(void *out, const void *scalar, const void *point) {
  memcpy(out, point, 32);
  return c25519->mul(out, 32, scalar, 32, BR_EC_curve25519) ? 0 : -1;
}

EXPORT(x25519Base) void x25519Base(void *out, const void *scalar) {
  c25519->mulgen(out, scalar, 32, BR_EC_curve25519);
}

EXPORT(ecPublicKey) int ecPublicKey(int curve, void *out, const void *scalar) {
  return p256->ec->mulgen(out, scalar, 32, curve);
}

EXPORT(ecdh) int ecdh(int curve, void *out, const void *scalar, const void *point, int pointLength) {
  unsigned char shared[65];
  memcpy(shared, point, pointLength);
  if (!p256->ec->mul(shared, pointLength, scalar, 32, curve)) return -1;
  memcpy(out, shared + 1, 32);
  return 32;
}

EXPORT(ecdsaVerify)
int ecdsaVerify(int curve, const void *digest, int digestLength, void *point, int pointLength, const void *signature,
                int signatureLength) {
  br_ec_public_key key = {curve, point, pointLength};
  return p256->verify(p256->ec, digest, digestLength, &key, signature, signatureLength) ? 0 : -1;
}

EXPORT(ecdsaSign)
int ecdsaSign(int curve, int hashId, const void *digest, int digestLength, void *scalar, void *out) {
  br_ec_private_key key = {curve, scalar, 32};
  (void)digestLength;
  return p256->sign(p256->ec, hashClass(hashId), digest, &key, out);
}

EXPORT(rsaVerifyPkcs1)
int rsaVerifyPkcs1(int hashId, const void *digest, void *n, int nLength, void *e, int eLength, const void *signature,
                   int signatureLength) {
  br_rsa_public_key key = {n, nLength, e, eLength};
  unsigned char found[32];
  (void)hashId;
  if (!rsaVerify(signature, signatureLength, BR_HASH_OID_SHA256, 32, &key, found)) return -1;
  return memcmp(found, digest, 32) == 0 ? 0 : -1;
}
