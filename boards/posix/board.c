// Entropy of a system that shows it as a device, as VxWorks and QNX do.
#include "board.h"
#include <fcntl.h>
#include <unistd.h>

#ifndef DEPUTY_ENTROPY
#define DEPUTY_ENTROPY "/dev/urandom"
#endif

// POSIX has no word for it.
size_t boardHeapPeak(void) { return 0; }

int boardEntropy(uint8_t *out, size_t length) {
  int device = open(DEPUTY_ENTROPY, O_RDONLY);
  if (device < 0) return -1;
  while (length > 0) {
    ssize_t taken = read(device, out, length);
    if (taken <= 0) break;
    out += taken;
    length -= taken;
  }
  close(device);
  return length > 0 ? -1 : 0;
}
