#include "memory.h"
#include <stdlib.h>
#include "blocks.h"
#include "board.h"

enum { OVERHEAD = 8 };

// The engine decides by `malloc_size` when to collect garbage.
static void *counted(JSMallocState *state, void *block, size_t before) {
  static const char text[] = "deputy: out of memory\n";
  if (!block) {
    boardWrite(1, text, sizeof text - 1);
    exit(1);
  }
  state->malloc_size += blockSize(block) - before;
  return block;
}

static void *allocate(JSMallocState *state, size_t size) {
  void *block = counted(state, blockResize(NULL, size), 0);
  state->malloc_count++;
  state->malloc_size += OVERHEAD;
  return block;
}

static void release(JSMallocState *state, void *block) {
  if (!block) return;
  state->malloc_count--;
  state->malloc_size -= blockSize(block) + OVERHEAD;
  blockFree(block);
}

static void *resize(JSMallocState *state, void *block, size_t size) {
  if (!block) return size ? allocate(state, size) : NULL;
  if (size == 0) {
    release(state, block);
    return NULL;
  }
  size_t before = blockSize(block);
  return counted(state, blockResize(block, size), before);
}

static size_t usable(const void *block) { return blockSize(block); }

JSRuntime *newRuntime(void) {
  static const JSMallocFunctions functions = {allocate, release, resize, usable};
  return JS_NewRuntime2(&functions, NULL);
}
