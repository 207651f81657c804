// A wasm program under wasm3 on a board: load it, find its functions, call them, see its memory.
#ifndef DEPUTY_PROGRAM_H
#define DEPUTY_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include "wasm3.h"

enum { MAX_ARGUMENTS = 16 };

typedef struct {
  IM3Environment environment;
  IM3Runtime runtime;
  const uint8_t *wasm;
  size_t length;
} Program;

/**
 * Loads a module that imports nothing. wasm3 compiles each function on its first call and reads it from `wasm` then,
 * so the bytes must stay. Returns what went wrong, NULL when all is well.
 */
const char *programLoad(Program *program, const uint8_t *wasm, size_t length, uint32_t stackBytes);

/** The exported function of that name, NULL where there is none. Any number of names may mean one function. */
IM3Function programFind(Program *program, const char *name);

/**
 * Calls a function of 32-bit integers; `result` stays as it is where the function gives none.
 * Returns the trap's text, NULL when all is well.
 */
const char *programCall(IM3Function function, uint32_t count, const int32_t arguments[], int32_t *result);

/**
 * The function of that index, NULL where there is none or where it takes or gives anything but 32-bit integers. `count`
 * gets the number of its arguments, `results` is 0 or 1.
 */
IM3Function programFunction(Program *program, uint32_t index, uint32_t *count, uint32_t *results);

/** The 32-bit global of that index, where it never changes; 0 where it is none. */
int programConstant(Program *program, uint32_t index, int32_t *value);

/** Most pages of 64 KiB that the linear memory may grow to. */
void programLimit(Program *program, uint32_t pages);

/** The linear memory now; a call may move it. */
uint8_t *programMemory(Program *program, uint32_t *length);

/** Frees all but the module's bytes. */
void programFree(Program *program);

#endif
