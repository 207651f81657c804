// The memory of the JavaScript engine.
#ifndef DEPUTY_MEMORY_H
#define DEPUTY_MEMORY_H

#include "quickjs.h"

/**
 * The C library's malloc, with a reserve. QuickJS throws null where it has no memory left even for an error; the first
 * allocation that fails gives the reserve back, so that there is memory to say what went wrong.
 */
JSRuntime *newRuntime(void);

/** Whether any allocation of the engine has failed. */
int memoryRanOut(void);

void freeRuntime(JSRuntime *runtime);

#endif
