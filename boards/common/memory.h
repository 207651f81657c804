// The memory of the JavaScript engine.
#ifndef DEPUTY_MEMORY_H
#define DEPUTY_MEMORY_H

#include "quickjs.h"

/**
 * A runtime over the C library's malloc. Where that has nothing left, the program says so and ends with status 1: what
 * QuickJS does after a failed allocation is not safe to rely on (it may throw null, or leave an object half made).
 */
JSRuntime *newRuntime(void);

#endif
