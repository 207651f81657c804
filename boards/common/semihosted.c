// The console, files, time and entropy of a board under an emulator or a debugger, by semihosting.
#include "semihosted.h"
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "semihosting.h"

enum { LINE = 300, MAX_ARGUMENTS = 256, MAX_SEED = 256 };

static uint64_t startTime;  // milliseconds since 1970 when boardNanoseconds was 0; 0 where it was not handed in
static uint8_t seed[MAX_SEED];
static size_t seedLength, seedUsed;
static const char *address;

uint64_t boardUnixTime(void) { return startTime ? startTime + boardNanoseconds() / 1000000 : 0; }

int boardEntropy(uint8_t *out, size_t length) {
  if (length > seedLength - seedUsed) return -1;
  memcpy(out, seed + seedUsed, length);
  memset(seed + seedUsed, 0, length);
  seedUsed += length;
  return 0;
}

const char *networkAddress(void) { return address; }

void boardWrite(int error, const void *bytes, size_t length) {
  static int consoles[2] = {-1, -1};
  int *console = &consoles[error ? 1 : 0];
  if (*console < 0) *console = hostOpen(":tt", error ? HOST_APPEND : HOST_WRITE);
  hostWrite(*console, bytes, length);
}

uint8_t *boardFile(const char *name, size_t *length) {
  int file = hostOpen(name, HOST_READ);
  if (file < 0) return NULL;
  int size = hostLength(file);
  uint8_t *bytes = size < 0 ? NULL : malloc(size + 1);
  if (bytes && hostRead(file, bytes, size) != 0) {
    free(bytes);
    bytes = NULL;
  }
  hostClose(file);
  if (bytes) bytes[size] = 0;
  *length = size;
  return bytes;
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static void takeSeed(const char *hex) {
  for (; seedLength < MAX_SEED && digit(hex[0]) >= 0 && digit(hex[1]) >= 0; hex += 2)
    seed[seedLength++] = digit(hex[0]) << 4 | digit(hex[1]);
}

static const char *after(const char *line, const char *word) {
  size_t length = strlen(word);
  return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

int semihostedStart(char ***arguments) {
  static char *list[MAX_ARGUMENTS];
  static char line[LINE];
  size_t length;
  int count = 0;
  char *name = hostCommandLine(line, sizeof line) == 0 ? strchr(line, ' ') : NULL;
  char *text = name ? (char *)boardFile(name + 1, &length) : NULL;
  if (!text) return -1;
  for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
    const char *value;
    if ((value = after(at, "time"))) startTime = strtoull(value, NULL, 10);
    else if ((value = after(at, "seed"))) takeSeed(value);
    else if ((value = after(at, "address"))) address = value;
    else if ((value = after(at, "argument")) && count < MAX_ARGUMENTS) list[count++] = (char *)value;
  }
  *arguments = list;
  return count;
}
