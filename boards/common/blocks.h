// Memory of the C library whose size can be asked for, which the JavaScript engine wants to know.
#ifndef DEPUTY_BLOCKS_H
#define DEPUTY_BLOCKS_H

#include <stdlib.h>

#ifdef DEPUTY_SIZED_BLOCKS

// Where the C library does not tell, each block begins with its size.
typedef union {
  size_t size;
  long double aligned;
  void *pointer;
} BlockSize;

static inline size_t blockSize(const void *block) { return block ? ((const BlockSize *)block)[-1].size : 0; }

static inline void *blockResize(void *block, size_t size) {
  BlockSize *it = size < (size_t)-1 - sizeof *it ? realloc(block ? (BlockSize *)block - 1 : NULL, sizeof *it + size) : NULL;
  if (!it) return NULL;
  it->size = size;
  return it + 1;
}

static inline void blockFree(void *block) {
  if (block) free((BlockSize *)block - 1);
}

#else

#include <malloc.h>

/** 0 of NULL. */
static inline size_t blockSize(const void *block) { return malloc_usable_size((void *)block); }

/** As realloc: of NULL, a new block. */
static inline void *blockResize(void *block, size_t size) { return realloc(block, size); }

static inline void blockFree(void *block) { free(block); }

#endif

#endif
