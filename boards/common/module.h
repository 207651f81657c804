// What a host must know of a wasm module beside what wasm3 tells: its exports, and whether wasm3 can run it.
// Both walks expect a valid module, and stay inside its bytes all the same.
#ifndef DEPUTY_MODULE_H
#define DEPUTY_MODULE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  const uint8_t *at, *end;
  uint32_t left;  // exports still to come
} ModuleReader;

typedef struct {
  const char *name;  // UTF-8, not terminated
  size_t nameLength;
  int kind;
  uint32_t index;    // among the things of that kind
} ModuleExport;

enum { EXPORT_FUNCTION = 0, EXPORT_GLOBAL = 3 };

/** Why wasm3 must not get this module; NULL where it may. */
const char *refusedModule(const uint8_t *wasm, size_t length);

/** A reader at the start of the export section. wasm3 itself keeps at most three names of one function. */
ModuleReader moduleExports(const uint8_t *wasm, size_t length);

/** The next export of any kind; 0 when there is none. */
int nextExport(ModuleReader *reader, ModuleExport *out);

#endif
