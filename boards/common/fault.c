#include "fault.h"
#include <string.h>
#include "semihosting.h"

enum { STATUS = 3 };

static void say(int console, const char *text) { hostWrite(console, text, strlen(text)); }

static void sayAddress(int console, uint32_t value) {
  char text[] = "0x00000000";
  for (int i = 0; i < 8; i++) text[2 + i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
  say(console, text);
}

void faulted(const char *what, uint32_t pc, uint32_t caller) {
  int console = hostOpen(":tt", HOST_APPEND);
  say(console, "the processor took a fault (");
  say(console, what);
  say(console, ") at ");
  sayAddress(console, pc);
  say(console, ", called from ");
  sayAddress(console, caller);
  say(console, "\n");
  hostExit(STATUS);
}
