#include "kept_memory.h"
#include <malloc.h>
#include <stdlib.h>

typedef struct KeptBlock {
  struct KeptBlock *next, **place;
} KeptBlock;

// What the engine decides by when to collect garbage.
static size_t sizeOf(const void *block) { return malloc_usable_size((void *)block); }

static void *enter(JSMallocState *state, KeptBlock *block) {
  KeptMemory *memory = state->opaque;
  block->next = memory->blocks;
  block->place = &memory->blocks;
  if (block->next) block->next->place = &block->next;
  memory->blocks = block;
  state->malloc_count++;
  state->malloc_size += sizeOf(block);
  return block + 1;
}

static void leave(JSMallocState *state, KeptBlock *block) {
  *block->place = block->next;
  if (block->next) block->next->place = block->place;
  state->malloc_count--;
  state->malloc_size -= sizeOf(block);
}

static void *allocate(JSMallocState *state, size_t size) {
  KeptMemory *memory = state->opaque;
  KeptBlock *block = size < SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
  if (!block) longjmp(memory->exhausted, 1);
  return enter(state, block);
}

static void release(JSMallocState *state, void *bytes) {
  if (!bytes) return;
  KeptBlock *block = (KeptBlock *)bytes - 1;
  leave(state, block);
  free(block);
}

static void *resize(JSMallocState *state, void *bytes, size_t size) {
  if (!bytes) return size ? allocate(state, size) : NULL;
  if (size == 0) {
    release(state, bytes);
    return NULL;
  }
  KeptMemory *memory = state->opaque;
  KeptBlock *block = (KeptBlock *)bytes - 1;
  leave(state, block);
  KeptBlock *moved = size < SIZE_MAX - sizeof *block ? realloc(block, sizeof *block + size) : NULL;
  if (moved) return enter(state, moved);
  enter(state, block);
  longjmp(memory->exhausted, 1);
}

static size_t usable(const void *bytes) { return sizeOf((const KeptBlock *)bytes - 1) - sizeof(KeptBlock); }

JSRuntime *keptRuntime(KeptMemory *memory) {
  static const JSMallocFunctions functions = {allocate, release, resize, usable};
  memory->blocks = NULL;
  return JS_NewRuntime2(&functions, memory);
}

void keptAbandon(KeptMemory *memory) {
  while (memory->blocks) {
    KeptBlock *block = memory->blocks;
    size_t length = sizeOf(block);
    memory->blocks = block->next;
    for (volatile uint8_t *at = (uint8_t *)block; length > 0; length--) *at++ = 0;
    free(block);
  }
}
