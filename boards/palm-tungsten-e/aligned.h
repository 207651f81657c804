// The ARM9 cores load and store words at aligned addresses alone, so the compiler turns wasm3's memcpy of a word, which may
// lie anywhere in linear memory, into a call. Programs align nearly all of theirs: this looks first, and copies in place.
// Included before every C file of the firmware (board.ts); strict aliasing is off there.
#ifndef __ASSEMBLER__
#ifndef DEPUTY_ALIGNED_H
#define DEPUTY_ALIGNED_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) void *deputyCopy(void *to, const void *from, size_t length) {
  // Words of 64 bits are two of 32 here and need no more alignment than those.
  uintptr_t addresses = (uintptr_t)to | (uintptr_t)from;
  if (length == 2 && (addresses & 1) == 0) {
    *(uint16_t *)to = *(const uint16_t *)from;
  } else if (length == 4 && (addresses & 3) == 0) {
    *(uint32_t *)to = *(const uint32_t *)from;
  } else if (length == 8 && (addresses & 3) == 0) {
    ((uint32_t *)to)[0] = ((const uint32_t *)from)[0];
    ((uint32_t *)to)[1] = ((const uint32_t *)from)[1];
  } else {
    memcpy(to, from, length);
  }
  return to;
}

#define memcpy(TO, FROM, LENGTH) \
  (__builtin_constant_p(LENGTH) ? deputyCopy(TO, FROM, LENGTH) : (memcpy)(TO, FROM, LENGTH))

#endif
#endif
