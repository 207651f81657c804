// A JavaScript engine's memory that can be given back at once, whatever state the engine is in.
#ifndef DEPUTY_KEPT_MEMORY_H
#define DEPUTY_KEPT_MEMORY_H

#include <setjmp.h>
#include "quickjs.h"

typedef struct {
  struct KeptBlock *blocks;
  /** Where an allocation that fails leads: QuickJS does not survive one in order. Set before the engine runs. */
  jmp_buf exhausted;
} KeptMemory;

/** A runtime over the C library's malloc. */
JSRuntime *keptRuntime(KeptMemory *memory);

/** Wipes and frees every block. */
void keptAbandon(KeptMemory *memory);

#endif
