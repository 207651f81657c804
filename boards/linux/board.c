// Entropy and memory as Linux tells of them; the rest is common/posix.
#include "board.h"
#include <stdio.h>
#include <sys/random.h>

// The whole process at its peak, which Linux tells in kibibytes: malloc here does not.
size_t boardHeapPeak(void) {
  char line[128];
  unsigned long kibibytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "VmHWM: %lu", &kibibytes) == 1) break;
  if (status) fclose(status);
  return kibibytes * 1024;
}

int boardEntropy(uint8_t *out, size_t length) {
  while (length > 0) {
    ssize_t taken = getrandom(out, length, 0);
    if (taken <= 0) return -1;
    out += taken;
    length -= taken;
  }
  return 0;
}
