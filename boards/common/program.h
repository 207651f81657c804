// A wasm program on a board, whichever engine runs it: load it, find its functions, call them, see its memory.
//
// program.c runs it under wasm3; ../aot/program.c is for a program that was compiled into the firmware.
#ifndef DEPUTY_PROGRAM_H
#define DEPUTY_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_ARGUMENTS = 16 };

/** `wasm3` or `aot`. */
extern const char programEngine[];

typedef struct {
  void *environment, *runtime;  // the engine's own
  const uint8_t *wasm;
  size_t length;
} Program;

/** The engine's own. */
typedef struct ProgramFunction ProgramFunction;

/** A place among a program's exports. */
typedef struct {
  const void *at, *end;
  uint32_t left;
} ProgramExports;

/** A function that takes and gives 32-bit integers alone, or a 32-bit global that never changes. */
typedef struct {
  const char *name;  // UTF-8, not terminated
  size_t nameLength;
  int isFunction;
  uint32_t index;          // of a function, for programFunction
  uint32_t count;          // of its arguments
  int32_t value;           // of a global
} ProgramExport;

/**
 * Loads a module that imports nothing; `stackBytes` bounds wasm3's operand stack. wasm3 compiles each function on its first
 * call and reads it from `wasm` then, so the bytes must stay. For `aot` they are the SHA-256 of the module that was
 * compiled in. Returns what went wrong, NULL when all is well; programFree is for both.
 */
const char *programLoad(Program *program, const uint8_t *wasm, size_t length, uint32_t stackBytes);

/** The exported function of that name, NULL where there is none. Any number of names may mean one function. */
ProgramFunction *programFind(Program *program, const char *name);

/**
 * Calls a function of 32-bit integers; `result` stays as it is where the function gives none.
 * Returns the trap's text, NULL when all is well.
 */
const char *programCall(ProgramFunction *function, uint32_t count, const int32_t arguments[], int32_t *result);

/**
 * The function of that index, NULL where there is none or where it takes or gives anything but 32-bit integers. `count`
 * gets the number of its arguments, `results` is 0 or 1.
 */
ProgramFunction *programFunction(Program *program, uint32_t index, uint32_t *count, uint32_t *results);

/** A reader before the first export. */
ProgramExports programExports(Program *program);

/** The next export that a host can use; 0 when there is none. */
int programNextExport(Program *program, ProgramExports *exports, ProgramExport *out);

/** Most pages of 64 KiB that the linear memory may grow to. */
void programLimit(Program *program, uint32_t pages);

/** The linear memory now; a call may move it. */
uint8_t *programMemory(Program *program, uint32_t *length);

/** Frees all but the module's bytes, also after a load that failed. */
void programFree(Program *program);

#endif
