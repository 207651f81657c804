// The linear memory of a fuzzed program, as AddressSanitizer sees it: what no block of the heap covers is poison.
#ifndef DEPUTY_FUZZ_MEMORY_H
#define DEPUTY_FUZZ_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzzed.h"

/** The one instance. */
extern Z_fuzzed_instance_t program;
#define CALL(name, ...) Z_fuzzedZ_##name(&program, ##__VA_ARGS__)

/** Starts the program anew, with empty memory. */
void startProgram(void);

/** Everything that the program remembers. */
typedef struct Snapshot Snapshot;
Snapshot *takeSnapshot(void);
void restoreSnapshot(const Snapshot *snapshot);

/** Blocks of the heap that are not given back. */
uint32_t blocksTaken(void);

/** Copies into, and from, a block of the program's. */
void putBytes(uint32_t address, const void *bytes, size_t length);
void readBytes(uint32_t address, size_t length);

/** Reads all of a file that belongs to the target; ends the process where it can't. */
uint8_t *readFile(const char *name, size_t *length);

/** Ends the process with a report: what must always hold does not. */
void failTarget(const char *what) __attribute__((noreturn));

#endif
