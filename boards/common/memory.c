#include "memory.h"
#include <malloc.h>
#include <stdlib.h>

enum { RESERVE = 12 * 1024, OVERHEAD = 8 };

static void *reserve;

// The engine decides by `malloc_size` when to collect garbage.
static void count(JSMallocState *state, const void *block, int sign) {
  state->malloc_count += sign;
  state->malloc_size += sign * (long)(malloc_usable_size((void *)block) + OVERHEAD);
}

static int ranOut;

int memoryRanOut(void) { return ranOut; }

static void *failed(void) {
  ranOut = 1;
  free(reserve);
  reserve = NULL;
  return NULL;
}

static void *allocate(JSMallocState *state, size_t size) {
  void *block = malloc(size);
  if (!block) return failed();
  count(state, block, 1);
  return block;
}

static void release(JSMallocState *state, void *block) {
  if (!block) return;
  count(state, block, -1);
  free(block);
}

static void *resize(JSMallocState *state, void *block, size_t size) {
  if (!block) return size ? allocate(state, size) : NULL;
  if (size == 0) {
    release(state, block);
    return NULL;
  }
  size_t before = malloc_usable_size(block);
  void *moved = realloc(block, size);
  if (!moved) return failed();
  state->malloc_size += malloc_usable_size(moved) - before;
  return moved;
}

static size_t usable(const void *block) { return malloc_usable_size((void *)block); }

static const JSMallocFunctions functions = {allocate, release, resize, usable};

JSRuntime *newRuntime(void) {
  if (!reserve) reserve = malloc(RESERVE);
  return reserve ? JS_NewRuntime2(&functions, NULL) : NULL;
}

void freeRuntime(JSRuntime *runtime) {
  JS_FreeRuntime(runtime);
  free(reserve);
  reserve = NULL;
}
