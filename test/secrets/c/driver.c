// Calls a wasm program's functions with secrets that valgrind takes for undefined, as a script from standard input says:
//   case NAME            room R LENGTH          bytes R OFFSET HEX       secret R OFFSET LENGTH
//   public R OFFSET LENGTH                      call FUNCTION [NUMBER | $R | $R+OFFSET]…
// A branch or an address that depends on a secret is an error of memcheck's; `errors N` follows each case.
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define ROOMS 64
#define LINE 65536
static uint32_t rooms[ROOMS], lengths[ROOMS];
static char line[LINE];

void stop(const char *what) {
  fprintf(stderr, "secrets: %s\n", what);
  exit(1);
}

static char *word(void) {
  char *found = strtok(NULL, " \n");
  if (found == NULL) stop("a line ends too soon");
  return found;
}

static uint32_t number(void) { return (uint32_t)strtoul(word(), NULL, 10); }

static uint32_t room(void) {
  uint32_t index = number();
  if (index >= ROOMS) stop("there is no such room");
  return index;
}

/** Address of so many bytes in a room. */
static uint8_t *inRoom(uint32_t index, uint32_t offset, uint32_t length) {
  if (offset > lengths[index] || length > lengths[index] - offset) stop("that is more than the room has");
  return programMemory(NULL) + rooms[index] + offset;
}

static void callFunction(void) {
  uint32_t arguments[16], count = 0;
  const char *name = word();
  for (char *text = strtok(NULL, " \n"); text != NULL; text = strtok(NULL, " \n")) {
    if (count == 16) stop("too many arguments");
    char *rest = text;
    uint32_t value = (uint32_t)strtoul(text + (*text == '$'), &rest, 10);
    if (*text == '$') {
      if (value >= ROOMS) stop("there is no such room");
      value = rooms[value] + (*rest == '+' ? (uint32_t)strtoul(rest + 1, NULL, 10) : 0);
    }
    arguments[count++] = value;
  }
  if (!callExport(name, count, arguments)) {
    fprintf(stderr, "%s: ", name);
    stop("the call failed");
  }
}

/** What a case left must not count for the next. */
static void forget(void) {
  uint32_t length;
  uint8_t *memory = programMemory(&length);
  VALGRIND_MAKE_MEM_DEFINED(memory, length);
  forgetState();
}

int main(int argc, char **argv) {
  loadProgram(argc > 1 ? argv[1] : NULL);
  unsigned before = 0;
  int open = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *verb = strtok(line, " \n");
    if (verb == NULL) continue;
    if (!strcmp(verb, "case") || !strcmp(verb, "end")) {
      unsigned errors = VALGRIND_COUNT_ERRORS;
      forget();
      if (open) printf("errors %u\n", errors - before), fflush(stdout);
      before = errors;
      open = 1;
      if (!strcmp(verb, "case")) VALGRIND_PRINTF("CASE %s\n", word());
    } else if (!strcmp(verb, "room")) {
      uint32_t index = room();
      uint32_t one = lengths[index] = number();
      if (!callExport("allocate", 1, &one) || (rooms[index] = lastResult()) == 0) stop("no room");
    } else if (!strcmp(verb, "bytes")) {
      uint32_t index = room(), offset = number();
      const char *hex = word();
      uint32_t length = (uint32_t)strlen(hex) / 2;
      uint8_t *at = inRoom(index, offset, length);
      for (uint32_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        at[i] = (uint8_t)strtoul(digits, NULL, 16);
      }
    } else if (!strcmp(verb, "secret") || !strcmp(verb, "public")) {
      uint32_t index = room(), offset = number(), length = number();
      uint8_t *at = inRoom(index, offset, length);
      if (*verb == 's')
        VALGRIND_MAKE_MEM_UNDEFINED(at, length);
      else
        VALGRIND_MAKE_MEM_DEFINED(at, length);
    } else if (!strcmp(verb, "call")) {
      callFunction();
    } else {
      stop("an unknown verb");
    }
  }
  return 0;
}
