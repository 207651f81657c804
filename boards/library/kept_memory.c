#include "kept_memory.h"
#include <stdint.h>
#include "blocks.h"

typedef struct KeptBlock {
  struct KeptBlock *next, **place;
} KeptBlock;

static void *enter(JSMallocState *state, KeptBlock *block) {
  KeptMemory *memory = state->opaque;
  block->next = memory->blocks;
  block->place = &memory->blocks;
  if (block->next) block->next->place = &block->next;
  memory->blocks = block;
  state->malloc_count++;
  state->malloc_size += blockSize(block);
  return block + 1;
}

static void leave(JSMallocState *state, KeptBlock *block) {
  *block->place = block->next;
  if (block->next) block->next->place = block->place;
  state->malloc_count--;
  state->malloc_size -= blockSize(block);
}

static void *allocate(JSMallocState *state, size_t size) {
  KeptMemory *memory = state->opaque;
  KeptBlock *block = size < SIZE_MAX - sizeof *block ? blockResize(NULL, sizeof *block + size) : NULL;
  if (!block) longjmp(memory->exhausted, 1);
  return enter(state, block);
}

static void release(JSMallocState *state, void *bytes) {
  if (!bytes) return;
  KeptBlock *block = (KeptBlock *)bytes - 1;
  leave(state, block);
  blockFree(block);
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
  KeptBlock *moved = size < SIZE_MAX - sizeof *block ? blockResize(block, sizeof *block + size) : NULL;
  if (moved) return enter(state, moved);
  enter(state, block);
  longjmp(memory->exhausted, 1);
}

static size_t usable(const void *bytes) { return blockSize((const KeptBlock *)bytes - 1) - sizeof(KeptBlock); }

JSRuntime *keptRuntime(KeptMemory *memory) {
  static const JSMallocFunctions functions = {allocate, release, resize, usable};
  memory->blocks = NULL;
  return JS_NewRuntime2(&functions, memory);
}

void keptAbandon(KeptMemory *memory) {
  while (memory->blocks) {
    KeptBlock *block = memory->blocks;
    size_t length = blockSize(block);
    memory->blocks = block->next;
    for (volatile uint8_t *at = (uint8_t *)block; length > 0; length--) *at++ = 0;
    blockFree(block);
  }
}
