// What a board takes from the machine that emulates it, where it has no clock, entropy or storage of its own.
#ifndef DEPUTY_SEMIHOSTED_H
#define DEPUTY_SEMIHOSTED_H

#include <stddef.h>
#include <stdint.h>

/**
 * Reads what the command line names as this start's file, a line each: `time MILLISECONDS` since 1970, `seed HEX`,
 * `address` with what networkAddress (lwip/network.h) gives, and `argument TEXT` for each argument of the client. A missing time or seed stays missing: boardUnixTime then gives 0 and
 * boardEntropy refuses. Returns the number of arguments, or -1 where the file can't be read.
 */
int semihostedStart(char ***arguments);

#endif
