// mbedTLS 2.28 behind the names and arguments of Deputy's exports (assembly/primitives.ts), so that the same plan measures
// both. Compiled to wasm by clang.
#include <stdlib.h>
#include <string.h>
#include "mbedtls/chachapoly.h"
#include "mbedtls/des.h"
#include "mbedtls/ecdh.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/gcm.h"
#include "mbedtls/hkdf.h"
#include "mbedtls/md.h"
#include "mbedtls/rsa.h"
#include "mbedtls/ssl_internal.h"

#define EXPORT(NAME) __attribute__((export_name(#NAME)))

enum { HEADROOM = 48 };

EXPORT(allocate) void *allocate(int length) { return calloc(1, length); }

// oid.c can print object identifiers, which nothing here does: so that no C library's streams, and with them imports, are
// drawn in.
int snprintf(char *out, size_t room, const char *format, ...) {
  (void)out, (void)room, (void)format;
  return -1;
}

// For blinding alone, which is not what is measured: as cheap as can be.
static int noise(void *state, unsigned char *out, size_t length) {
  static uint32_t x = 1;
  (void)state;
  for (size_t i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    out[i] = x;
  }
  return 0;
}

// By the numbers of TLS' HashAlgorithm.
static const mbedtls_md_info_t *hashInfo(int id) {
  static const mbedtls_md_type_t types[] = {MBEDTLS_MD_NONE,   MBEDTLS_MD_MD5,    MBEDTLS_MD_SHA1,  MBEDTLS_MD_NONE,
                                            MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512};
  return mbedtls_md_info_from_type(types[id]);
}

EXPORT(hashDigest) void hashDigest(int id, const void *data, int length, void *out) {
  mbedtls_md(hashInfo(id), data, length, out);
}

EXPORT(hmacDigest)
void hmacDigest(int id, const void *key, int keyLength, const void *data, int length, void *out) {
  mbedtls_md_hmac(hashInfo(id), key, keyLength, data, length, out);
}

EXPORT(tls12Prf)
void tls12Prf(int id, const void *secret, int secretLength, const void *label, int labelLength, const void *seed,
              int seedLength, void *out, int outLength) {
  char text[32];
  memcpy(text, label, labelLength);
  text[labelLength] = 0;
  mbedtls_ssl_tls_prf(id == 5 ? MBEDTLS_SSL_TLS_PRF_SHA384 : MBEDTLS_SSL_TLS_PRF_SHA256, secret, secretLength, text, seed,
                      seedLength, out, outLength);
}

EXPORT(hkdfExpandLabel)
void hkdfExpandLabel(int id, const void *secret, const void *label, int labelLength, const void *context,
                     int contextLength, void *out, int outLength) {
  unsigned char info[64] = {outLength >> 8, outLength, 6 + labelLength, 't', 'l', 's', '1', '3', ' '};
  const mbedtls_md_info_t *hash = hashInfo(id);
  memcpy(info + 9, label, labelLength);
  info[9 + labelLength] = contextLength;
  memcpy(info + 10 + labelLength, context, contextLength);
  mbedtls_hkdf_expand(hash, secret, mbedtls_md_get_size(hash), info, 10 + labelLength + contextLength, out, outLength);
}

EXPORT(gcmInit) void gcmInit(mbedtls_gcm_context *context, const void *key, int keyLength) {
  mbedtls_gcm_init(context);
  mbedtls_gcm_setkey(context, MBEDTLS_CIPHER_ID_AES, key, 8 * keyLength);
}

EXPORT(gcmSeal)
void gcmSeal(mbedtls_gcm_context *context, const void *nonce, const void *aad, int aadLength, void *data, int length,
             void *tag) {
  mbedtls_gcm_crypt_and_tag(context, MBEDTLS_GCM_ENCRYPT, length, nonce, 12, aad, aadLength, data, data, 16, tag);
}

EXPORT(chacha20Poly1305Seal)
void chacha20Poly1305Seal(const void *key, const void *nonce, const void *aad, int aadLength, void *data, int length,
                          void *tag) {
  mbedtls_chachapoly_context context;
  mbedtls_chachapoly_init(&context);
  mbedtls_chachapoly_setkey(&context, key);
  mbedtls_chachapoly_encrypt_and_tag(&context, length, nonce, aad, aadLength, data, data, tag);
  mbedtls_chachapoly_free(&context);
}

EXPORT(desExpandKey) void desExpandKey(mbedtls_des3_context *out, const void *key, int length, int decrypt) {
  (void)length, (void)decrypt;
  mbedtls_des3_init(out);
  mbedtls_des3_set3key_enc(out, key);
}

EXPORT(desCbcEncrypt) void desCbcEncrypt(mbedtls_des3_context *key, void *iv, void *data, int length) {
  mbedtls_des3_crypt_cbc(key, MBEDTLS_DES_ENCRYPT, length, iv, data, data);
}

// A direction of records: what mbedtls_ssl_derive_keys sets up for a CBC suite, and the sequence number.
typedef struct {
  mbedtls_ssl_transform transform;
  unsigned char sequence[8], *opened;
} Protection;

static mbedtls_ssl_context connection;

EXPORT(protectionInit)
int protectionInit(Protection *context, int suite, int version, const void *key, const void *iv, const void *macKey,
                   int seal) {
  mbedtls_ssl_transform *transform = &context->transform;
  const mbedtls_md_info_t *hash = hashInfo(suite == 0xc027 ? 4 : 2);
  const mbedtls_cipher_info_t *cipher = mbedtls_cipher_info_from_type(MBEDTLS_CIPHER_AES_128_CBC);
  int mac = mbedtls_md_get_size(hash);
  (void)version, (void)iv, (void)seal;
  memset(context, 0, sizeof *context);
  transform->minor_ver = MBEDTLS_SSL_MINOR_VERSION_3;
  transform->ivlen = 16;
  transform->maclen = mac;
  transform->minlen = 16 + mac + 16 - mac % 16;
  mbedtls_md_setup(&transform->md_ctx_enc, hash, 1);
  mbedtls_md_setup(&transform->md_ctx_dec, hash, 1);
  mbedtls_md_hmac_starts(&transform->md_ctx_enc, macKey, mac);
  mbedtls_md_hmac_starts(&transform->md_ctx_dec, macKey, mac);
  mbedtls_cipher_setup(&transform->cipher_ctx_enc, cipher);
  mbedtls_cipher_setup(&transform->cipher_ctx_dec, cipher);
  mbedtls_cipher_setkey(&transform->cipher_ctx_enc, key, 128, MBEDTLS_ENCRYPT);
  mbedtls_cipher_setkey(&transform->cipher_ctx_dec, key, 128, MBEDTLS_DECRYPT);
  mbedtls_cipher_set_padding_mode(&transform->cipher_ctx_enc, MBEDTLS_PADDING_NONE);
  mbedtls_cipher_set_padding_mode(&transform->cipher_ctx_dec, MBEDTLS_PADDING_NONE);
  return 0;
}

static mbedtls_record start(Protection *context, int type) {
  mbedtls_record record = {.type = type, .ver = {3, 3}};
  memcpy(record.ctr, context->sequence, 8);
  for (int i = 7; i >= 0 && ++context->sequence[i] == 0; i--) {
  }
  return record;
}

EXPORT(sealRecord) int sealRecord(Protection *context, int type, unsigned char *out, int length) {
  mbedtls_record record = start(context, type);
  record.buf = out;
  record.buf_len = HEADROOM + length + 256;
  record.data_offset = HEADROOM;
  record.data_len = length;
  if (mbedtls_ssl_encrypt_buf(&connection, &context->transform, &record, noise, NULL) != 0) return -1;
  memmove(out + 5, out + record.data_offset, record.data_len);
  out[0] = type, out[1] = 3, out[2] = 3, out[3] = record.data_len >> 8, out[4] = record.data_len;
  return 5 + record.data_len;
}

EXPORT(openRecord) int openRecord(Protection *context, unsigned char *in, int length) {
  mbedtls_record record = start(context, in[0]);
  record.buf = in;
  record.buf_len = length;
  record.data_offset = 5;
  record.data_len = length - 5;
  if (mbedtls_ssl_decrypt_buf(&connection, &context->transform, &record) != 0) return -1;
  context->opened = in + record.data_offset;
  return record.data_len;
}

EXPORT(openedStart) void *openedStart(Protection *context) { return context->opened; }

// A group keeps the multiples of its generator, as a device that has more than one handshake would.
static mbedtls_ecp_group *group(mbedtls_ecp_group_id id) {
  static mbedtls_ecp_group loaded;
  if (loaded.id != id) mbedtls_ecp_group_load(&loaded, id);
  return &loaded;
}

static int agree(mbedtls_ecp_group_id id, void *out, const void *point, int pointLength, mbedtls_mpi *scalar) {
  mbedtls_ecp_point peer;
  mbedtls_mpi shared;
  mbedtls_ecp_point_init(&peer);
  mbedtls_mpi_init(&shared);
  int wrong = mbedtls_ecp_point_read_binary(group(id), &peer, point, pointLength);
  if (!wrong) wrong = mbedtls_ecp_check_pubkey(group(id), &peer);
  if (!wrong) wrong = mbedtls_ecdh_compute_shared(group(id), &shared, &peer, scalar, noise, NULL);
  if (!wrong) wrong = id == MBEDTLS_ECP_DP_CURVE25519 ? mbedtls_mpi_write_binary_le(&shared, out, 32) : mbedtls_mpi_write_binary(&shared, out, 32);
  mbedtls_ecp_point_free(&peer);
  mbedtls_mpi_free(&shared);
  mbedtls_mpi_free(scalar);
  return wrong;
}

// RFC 7748 §5: the scalar's fixed bits.
static void clampedScalar(mbedtls_mpi *out, const void *scalar) {
  mbedtls_mpi_init(out);
  mbedtls_mpi_read_binary_le(out, scalar, 32);
  for (int bit = 0; bit < 3; bit++) mbedtls_mpi_set_bit(out, bit, 0);
  mbedtls_mpi_set_bit(out, 255, 0);
  mbedtls_mpi_set_bit(out, 254, 1);
}

EXPORT(x25519) int x25519(void *out, const void *scalar, const void *point) {
  mbedtls_mpi d;
  clampedScalar(&d, scalar);
  return agree(MBEDTLS_ECP_DP_CURVE25519, out, point, 32, &d);
}

EXPORT(x25519Base) void x25519Base(void *out, const void *scalar) {
  static const unsigned char base[32] = {9};
  x25519(out, scalar, base);
}

EXPORT(ecdh) int ecdh(int curve, void *out, const void *scalar, const void *point, int pointLength) {
  mbedtls_mpi d;
  (void)curve;
  mbedtls_mpi_init(&d);
  mbedtls_mpi_read_binary(&d, scalar, 32);
  return agree(MBEDTLS_ECP_DP_SECP256R1, out, point, pointLength, &d) == 0 ? 32 : -1;
}

EXPORT(ecPublicKey) int ecPublicKey(int curve, void *out, const void *scalar) {
  mbedtls_ecp_group *p256 = group(MBEDTLS_ECP_DP_SECP256R1);
  mbedtls_ecp_point point;
  mbedtls_mpi d;
  size_t length = 0;
  (void)curve;
  mbedtls_ecp_point_init(&point);
  mbedtls_mpi_init(&d);
  mbedtls_mpi_read_binary(&d, scalar, 32);
  mbedtls_ecp_mul(p256, &point, &d, &p256->G, noise, NULL);
  mbedtls_ecp_point_write_binary(p256, &point, MBEDTLS_ECP_PF_UNCOMPRESSED, &length, out, 65);
  mbedtls_ecp_point_free(&point);
  mbedtls_mpi_free(&d);
  return length;
}

// A context around the loaded group: the two share it for the call.
static mbedtls_ecdsa_context borrowed(void) {
  mbedtls_ecdsa_context context;
  mbedtls_ecdsa_init(&context);
  context.grp = *group(MBEDTLS_ECP_DP_SECP256R1);
  return context;
}

static void giveBack(mbedtls_ecdsa_context *context) {
  *group(MBEDTLS_ECP_DP_SECP256R1) = context->grp;
  mbedtls_mpi_free(&context->d);
  mbedtls_ecp_point_free(&context->Q);
}

EXPORT(ecdsaVerify)
int ecdsaVerify(int curve, const void *digest, int digestLength, const void *point, int pointLength,
                const void *signature, int signatureLength) {
  mbedtls_ecdsa_context context = borrowed();
  (void)curve;
  int wrong = mbedtls_ecp_point_read_binary(&context.grp, &context.Q, point, pointLength);
  if (!wrong) wrong = mbedtls_ecp_check_pubkey(&context.grp, &context.Q);
  if (!wrong) wrong = mbedtls_ecdsa_read_signature(&context, digest, digestLength, signature, signatureLength);
  giveBack(&context);
  return wrong;
}

EXPORT(ecdsaSign)
int ecdsaSign(int curve, int hashId, const void *digest, int digestLength, const void *scalar, void *out) {
  mbedtls_ecdsa_context context = borrowed();
  size_t length = 0;
  (void)curve;
  mbedtls_mpi_read_binary(&context.d, scalar, 32);
  int wrong = mbedtls_ecdsa_write_signature(&context, mbedtls_md_get_type(hashInfo(hashId)), digest, digestLength, out,
                                            &length, noise, NULL);
  giveBack(&context);
  return wrong ? -1 : (int)length;
}

EXPORT(rsaVerifyPkcs1)
int rsaVerifyPkcs1(int hashId, const void *digest, const void *n, int nLength, const void *e, int eLength,
                   const void *signature, int signatureLength) {
  mbedtls_rsa_context key;
  mbedtls_rsa_init(&key, MBEDTLS_RSA_PKCS_V15, 0);
  int wrong = mbedtls_rsa_import_raw(&key, n, nLength, NULL, 0, NULL, 0, NULL, 0, e, eLength);
  if (!wrong) wrong = mbedtls_rsa_complete(&key);
  if (!wrong && (size_t)signatureLength != mbedtls_rsa_get_len(&key)) wrong = -1;
  if (!wrong)
    wrong = mbedtls_rsa_pkcs1_verify(&key, noise, NULL, MBEDTLS_RSA_PUBLIC, mbedtls_md_get_type(hashInfo(hashId)), 32,
                                     digest, signature);
  mbedtls_rsa_free(&key);
  return wrong;
}
