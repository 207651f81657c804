// Native functions in the place of a wasm program: bench.c's plans then run on what the board's compiler made of BearSSL.
// Linear memory is the whole address space.
#include <string.h>
#include "program.h"

typedef intptr_t (*Function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

#define FUNCTIONS(DO)                                                                                              \
  DO(allocate) DO(use) DO(hashDigest) DO(hmacDigest) DO(tls12Prf) DO(gcmInit) DO(gcmSeal) DO(chacha20Poly1305Seal) \
  DO(desExpandKey) DO(desCbcEncrypt) DO(protectionInit) DO(sealRecord) DO(openRecord) DO(openedStart) \
  DO(x25519) DO(x25519Base) DO(ecPublicKey) DO(ecdh) DO(ecdsaVerify) DO(ecdsaSign) DO(rsaVerifyPkcs1)

#define DECLARE(NAME) extern void NAME(void);
FUNCTIONS(DECLARE)

#define ENTRY(NAME) {#NAME, (Function)NAME},
static const struct {
  const char *name;
  Function function;
} functions[] = {FUNCTIONS(ENTRY)};

const char *programLoad(Program *program, const uint8_t *wasm, size_t length, uint32_t stackBytes) {
  (void)program, (void)wasm, (void)length, (void)stackBytes;
  return "native code loads no program";
}

ProgramFunction *programFind(Program *program, const char *name) {
  (void)program;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strcmp(functions[i].name, name) == 0) return (ProgramFunction *)functions[i].function;
  return NULL;
}

const char *programCall(ProgramFunction *function, uint32_t count, const int32_t arguments[], int32_t *result) {
  uintptr_t a[9] = {0};
  if (count > 9) return "too many arguments";
  for (uint32_t i = 0; i < count; i++) a[i] = (uint32_t)arguments[i];
  *result = ((Function)function)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
  return NULL;
}

uint8_t *programMemory(Program *program, uint32_t *length) {
  (void)program;
  *length = UINT32_MAX;
  return NULL;
}
