// What every board gives to the programs that run on it.
#ifndef DEPUTY_BOARD_H
#define DEPUTY_BOARD_H

#include <stddef.h>
#include <stdint.h>

/**
 * Nanoseconds since start by the board's timer. Under QEMU's `-icount shift=0` each instruction takes one, so a
 * difference is a count of instructions, to the timer's resolution.
 */
uint64_t boardNanoseconds(void);

/** Most bytes of heap that the C library ever took from the board. */
size_t boardHeapPeak(void);

#endif
