// What the driver needs of an engine.
#ifndef DEPUTY_SECRETS_DRIVER_H
#define DEPUTY_SECRETS_DRIVER_H

#include <stdint.h>

void loadProgram(const char *file);
uint8_t *programMemory(uint32_t *length);

/** Calls an export; 0 where there is none of that name and count, or where it traps. */
int callExport(const char *name, uint32_t count, const uint32_t arguments[]);
uint32_t lastResult(void);

/** Globals, stacks: nothing of them counts as secret any more. */
void forgetState(void);

void stop(const char *what) __attribute__((noreturn));

#endif
