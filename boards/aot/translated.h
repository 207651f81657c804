// A wasm program that was translated to C and compiled into the firmware, as ../aot/program.c sees it.
#ifndef DEPUTY_TRANSLATED_H
#define DEPUTY_TRANSLATED_H

#include <stddef.h>
#include <stdint.h>
#include "wasm-rt.h"

/** One that takes and gives 32-bit integers alone; gives 0 where it gives none. May trap. */
typedef struct {
  const char *name;
  uint32_t (*call)(void *instance, const uint32_t arguments[]);
  uint8_t count, results;
} TranslatedFunction;

typedef struct {
  const char *name;
  int32_t value;
} TranslatedConstant;

typedef struct {
  /** Of the wasm file. */
  uint8_t sha256[32];
  size_t instanceBytes;
  /** Sets globals, memory and data, and runs the start function. May trap. */
  void (*start)(void *instance);
  wasm_rt_memory_t *(*memory)(void *instance);
  const TranslatedFunction *functions;
  uint32_t functionCount;
  const TranslatedConstant *constants;
  uint32_t constantCount;
} TranslatedProgram;

extern const TranslatedProgram translatedProgram;

/** Overwrites bytes that may be secret. */
void wipeBytes(void *bytes, size_t length);

#endif
