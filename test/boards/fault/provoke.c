// Provokes a fault, by name.
#include <stdint.h>
#include <string.h>
#include "semihosting.h"

// Where these boards have neither memory nor a device.
static volatile uint32_t *const nowhere = (uint32_t *)0xd0000000;

static void undefined(void) { __builtin_trap(); }
static void jump(void) { ((void (*)(void))nowhere)(); }
static void load(void) { (void)*nowhere; }
static void store(void) { *nowhere = 1; }

int main(void) {
  static char line[300];
  static const struct { const char *name; void (*provoke)(void); } all[] = {
      {"undefined", undefined}, {"jump", jump}, {"load", load}, {"store", store}};
  if (hostCommandLine(line, sizeof line) != 0) return 1;
  for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(strrchr(line, ' ') + 1, all[i].name) == 0) all[i].provoke();
  return 0;
}
