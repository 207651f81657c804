// Runs a plan: a text file that says which wasm program to load, what to call and what to count. The plan and the
// program are read from the machine that emulates the board, so nothing is linked anew for another measurement.
//
//   program FILE STACK             load a wasm file, wasm3's stack in bytes
//   image ADDRESS LENGTH STACK     load a wasm program that lies in the board's own memory
//   call NAME ARGUMENT…            call a function; prints `result N`
//   keep REGISTER                  register := result of the last call
//   expect NUMBER                  stop unless the last call gave this
//   bytes ADDRESS HEX              write into linear memory
//   fill ADDRESS LENGTH SEED       write pseudo-random bytes
//   count TIMES NAME ARGUMENT…     call that often; prints `count NANOSECONDS` for all of them
//   show ADDRESS LENGTH            prints `show HEX`
//   memory                         prints `memory LINEAR HEAP`, both in bytes
//
// An argument or address is a decimal number, or $REGISTER, or $REGISTER+NUMBER.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "program.h"
#include "semihosting.h"

enum { REGISTERS = 256, ARGUMENTS = 16, LINE = 1200, CHUNK = 256 };

static Program program;
static int32_t registers[REGISTERS];
static int32_t last;
static int lineNumber;

static void fail(const char *what, const char *which) {
  printf("error line %d: %s %s\n", lineNumber, what, which ? which : "");
  fflush(stdout);
  hostExit(1);
}

// A whole file of the host in fresh memory.
static uint8_t *readFile(const char *name, size_t *length) {
  int file = hostOpen(name, HOST_READ);
  int size = file < 0 ? -1 : hostLength(file);
  uint8_t *bytes = size < 0 ? NULL : malloc(size);
  if (!bytes || hostRead(file, bytes, size) != 0) fail("can't read", name);
  hostClose(file);
  *length = size;
  return bytes;
}

// The plan's next line: it is never held whole, since a board's memory is for the program. NULL behind the last one.
static char *nextLine(int file) {
  static char line[LINE], chunk[CHUNK];
  static int at, filled;
  for (int length = 0; length < LINE; length++) {
    if (at == filled) {
      at = 0;
      filled = CHUNK - hostRead(file, chunk, CHUNK);
      if (filled <= 0) return NULL;
    }
    line[length] = chunk[at++];
    if (line[length] != '\n') continue;
    line[length] = 0;
    return line;
  }
  fail("a line is too long", NULL);
  return NULL;
}

static char *word(void) {
  char *found = strtok(NULL, " ");
  if (!found) fail("a word is missing", NULL);
  return found;
}

static int32_t value(const char *text) {
  if (*text != '$') return (int32_t)strtol(text, NULL, 10);
  char *rest;
  unsigned long index = strtoul(text + 1, &rest, 10);
  if (index >= REGISTERS) fail("no such register", text);
  return registers[index] + (*rest == '+' ? (int32_t)strtol(rest + 1, NULL, 10) : 0);
}

static uint8_t *at(int32_t address, uint32_t length) {
  uint32_t size = 0;
  uint8_t *memory = programMemory(&program, &size);
  if ((uint64_t)(uint32_t)address + length > size) fail("an address is outside of the memory", NULL);
  return memory + (uint32_t)address;
}

static void load(const uint8_t *wasm, size_t length, const char *name) {
  const char *wrong = programLoad(&program, wasm, length, value(word()));
  if (wrong) fail(wrong, name);
}

static void doProgram(void) {
  size_t length;
  char *file = word();
  const uint8_t *wasm = readFile(file, &length);
  load(wasm, length, file);
}

static void doImage(void) {
  const uint8_t *wasm = (const uint8_t *)(uintptr_t)strtoul(word(), NULL, 10);
  load(wasm, value(word()), "image");
}

// A function of its own, so that a profiler can tell these calls from all others.
static __attribute__((noinline)) const char *counted(ProgramFunction *function, uint32_t count, const int32_t *arguments,
                                                     int32_t times) {
  const char *wrong = NULL;
  for (; times > 0 && !wrong; times--) wrong = programCall(function, count, arguments, &last);
  return wrong;
}

static uint64_t run(int32_t times, int counting) {
  char *name = word();
  ProgramFunction *function = programFind(&program, name);
  if (!function) fail("no such function:", name);
  int32_t arguments[ARGUMENTS];
  uint32_t count = 0;
  for (char *text; count < ARGUMENTS && (text = strtok(NULL, " ")); count++) arguments[count] = value(text);
  uint64_t start = boardNanoseconds();
  const char *wrong = counting ? counted(function, count, arguments, times) : programCall(function, count, arguments, &last);
  uint64_t end = boardNanoseconds();
  if (wrong) fail(wrong, name);
  return end - start;
}

static void doCall(void) {
  run(1, 0);
  printf("result %ld\n", (long)last);
}

static void doCount(void) { printf("count %llu\n", (unsigned long long)run(value(word()), 1)); }

static void doKeep(void) {
  unsigned long index = strtoul(word(), NULL, 10);
  if (index >= REGISTERS) fail("no such register", NULL);
  registers[index] = last;
}

static void doExpect(void) {
  char got[16];
  snprintf(got, sizeof got, "%ld", (long)last);
  if (last != value(word())) fail("the call gave", got);
}

static int nibble(char digit) { return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10; }

static void doBytes(void) {
  int32_t address = value(word());
  const char *hex = word();
  uint32_t length = strlen(hex) / 2;
  uint8_t *out = at(address, length);
  for (uint32_t i = 0; i < length; i++) out[i] = nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]);
}

static void doFill(void) {
  int32_t address = value(word());
  uint32_t length = value(word()), state = value(word()) | 1;
  uint8_t *out = at(address, length);
  for (uint32_t i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    out[i] = state;
  }
}

static void doShow(void) {
  int32_t address = value(word());
  uint32_t length = value(word());
  const uint8_t *bytes = at(address, length);
  printf("show ");
  for (uint32_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
}

static void doMemory(void) {
  uint32_t linear = 0;
  programMemory(&program, &linear);
  printf("memory %lu %lu\n", (unsigned long)linear, (unsigned long)boardHeapPeak());
}

static const struct {
  const char *name;
  void (*run)(void);
} verbs[] = {
    {"program", doProgram}, {"image", doImage},   {"call", doCall},   {"count", doCount}, {"keep", doKeep},
    {"expect", doExpect},   {"bytes", doBytes},   {"fill", doFill},   {"show", doShow},   {"memory", doMemory},
};

static void runLine(char *line) {
  char *name = strtok(line, " ");
  if (!name) return;
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(verbs[i].name, name) == 0) {
      verbs[i].run();
      return;
    }
  }
  fail("no such verb:", name);
}

int main(void) {
  char command[LINE];
  if (hostCommandLine(command, sizeof command) != 0) fail("no command line", NULL);
  char *name = strchr(command, ' ');
  int plan = name ? hostOpen(name + 1, HOST_READ) : -1;
  if (plan < 0) fail("the command line names no plan", NULL);
  for (char *line; (line = nextLine(plan));) {
    lineNumber++;
    runLine(line);
  }
  fflush(stdout);
  return 0;
}
