// What a board says when its processor takes a fault: there is nothing to go on with.
#ifndef DEPUTY_FAULT_H
#define DEPUTY_FAULT_H

#include <stdint.h>

/**
 * Says what happened and where (`pc`), and from where that was called, and ends with status 3. Takes no memory and next to
 * no stack.
 */
void faulted(const char *what, uint32_t pc, uint32_t caller) __attribute__((noreturn));

#endif
