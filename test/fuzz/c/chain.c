// A root and a server's certificates. The input:
//   u8  rules    u8  which name    u16 length of the root, and it    certificates, each behind its length in three bytes
#include "memory.h"

#define TIME 1796100000u
#define SCRATCH 0x20000
static Snapshot *fresh;
static uint32_t scratch;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  startProgram();
  scratch = CALL(allocate, SCRATCH);
  fresh = takeSnapshot();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  static const char *const names[] = {"www.example.org", "192.0.2.7", "2001:db8::7", "xn--e1afmkfd.example"};
  if (length < 4) return -1;
  size_t root = (size_t)bytes[2] << 8 | bytes[3];
  if (root > length - 4 || length > SCRATCH - 256) return -1;
  restoreSnapshot(fresh);
  // Both in blocks of their own length: a look past their end is seen.
  uint32_t trust = CALL(trustNew);
  if (root > 0) {
    uint32_t der = CALL(allocate, (uint32_t)root);
    putBytes(der, bytes + 4, root);
    CALL(trustAdd, trust, der, (uint32_t)root);
    CALL(release, der, (uint32_t)root);
  }
  const char *name = names[bytes[1] % (sizeof names / sizeof *names)];
  uint32_t nameLength = (uint32_t)strlen(name), listLength = (uint32_t)(length - 4 - root);
  uint32_t host = CALL(allocate, nameLength), key = CALL(allocate, 64);
  putBytes(host, name, nameLength);
  if (listLength > 0) {
    uint32_t list = CALL(allocate, listLength);
    putBytes(list, bytes + 4 + root, listLength);
    CALL(verifyChain, trust, list, listLength, host, nameLength, TIME, key, bytes[0] & 3);
    CALL(release, list, listLength);
  }
  CALL(release, host, nameLength);
  CALL(release, key, 64);
  CALL(trustFree, trust);
  if (blocksTaken() != 1) failTarget("a set of roots that was freed left blocks behind");
  return 0;
}
