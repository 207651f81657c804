// TLS records without a network: seals a line with TLS_AES_128_GCM_SHA256, opens it again, and refuses it once changed.
//
// Keys here are fixed so that the record can be compared; in a firmware they come from a handshake or a delivery. One key
// and one sequence number must never protect two records.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "program.h"
#include "record_program.h"

enum { SUITE = 0x1301, VERSION = 0x0304, KEY = 16, IV = 12, APPLICATION_DATA = 23, STACK = 32 * 1024 };

static Program program;

static void stop(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

// Calls an export. Errors of the program are negative results.
static int32_t call(const char *name, uint32_t count, const int32_t arguments[]) {
  int32_t result = 0;
  ProgramFunction *function = programFind(&program, name);
  const char *trap = function ? programCall(function, count, arguments, &result) : "no such export";
  if (trap) stop(name, trap);
  return result;
}

// An exported constant.
static int32_t constant(const char *name) {
  ProgramExports exports = programExports(&program);
  for (ProgramExport found; programNextExport(&program, &exports, &found);)
    if (!found.isFunction && strlen(name) == found.nameLength && !memcmp(name, found.name, found.nameLength))
      return found.value;
  stop(name, "no such constant");
  return 0;
}

// A call may move the memory: its place is asked for anew each time.
static uint8_t *at(int32_t pointer) {
  uint32_t length;
  return programMemory(&program, &length) + pointer;
}

static int32_t allocated(int32_t size) {
  int32_t pointer = call("allocate", 1, &size);
  if (pointer <= 0) stop("allocate", "no memory");
  return pointer;
}

static int32_t direction(int32_t seal, int32_t key, int32_t iv) {
  int32_t context = allocated(constant("PROTECTION_CONTEXT"));
  const int32_t arguments[] = {context, SUITE, VERSION, key, iv, 0, seal};
  if (call("protectionInit", 7, arguments) < 0) stop("protectionInit", "refused");
  return context;
}

int main(void) {
  static const char text[] = "a line for the other side";
  const int32_t length = sizeof text - 1;
  const char *wrong = programLoad(&program, recordWasm, recordWasmLength, STACK);
  if (wrong) stop("record.wasm", wrong);

  int32_t key = allocated(KEY), iv = allocated(IV);
  for (int i = 0; i < KEY; i++) at(key)[i] = i;
  for (int i = 0; i < IV; i++) at(iv)[i] = 0x80 + i;
  int32_t sealer = direction(1, key, iv), opener = direction(0, key, iv);

  int32_t head = constant("SEAL_HEADROOM");
  int32_t record = allocated(head + length + constant("SEAL_TAILROOM"));
  memcpy(at(record + head), text, length);
  const int32_t sealing[] = {sealer, APPLICATION_DATA, record, length};
  int32_t sealed = call("sealRecord", 4, sealing);
  if (sealed < 0) stop("sealRecord", "refused");
  for (int i = 0; i < sealed; i++) printf("%02x", at(record)[i]);
  printf("\n");

  int32_t forged = allocated(sealed);
  memcpy(at(forged), at(record), sealed);
  at(forged)[sealed - 1] ^= 1;
  const int32_t openingForged[] = {opener, forged, sealed}, opening[] = {opener, record, sealed};
  printf("changed: %s\n", call("openRecord", 3, openingForged) < 0 ? "refused" : "OPENED");
  int32_t opened = call("openRecord", 3, opening);
  if (opened < 0) stop("openRecord", "refused");
  printf("%.*s\n", (int)opened, at(call("openedStart", 1, &opener)));

  call("protectionWipe", 1, &sealer);
  call("protectionWipe", 1, &opener);
  programFree(&program);
  return 0;
}
