// A 16550 as lwIP's interface (serial_line.c). What a board gives: serialWake, networkSleep, and a serial_port.h with
// SERIAL_REGISTERS, the address of the first register; SERIAL_STRIDE, bytes from one register to the next; SERIAL_DIVISOR,
// of its clock for the rate that the board's line has.
#ifndef DEPUTY_SERIAL_LINE_H
#define DEPUTY_SERIAL_LINE_H

#include <stdbool.h>

/** Whether bytes have come that nobody has read. */
bool serialHasBytes(void);

/** The board's: lets the UART's interrupt wake the processor. It is never taken. */
void serialWake(void);

#endif
