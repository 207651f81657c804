// The record program for program.h: TLS records, sealed and opened, without handshakes and without a network.
#ifndef DEPUTY_RECORD_PROGRAM_H
#define DEPUTY_RECORD_PROGRAM_H

#include <stdint.h>

/** For programLoad; wasm3 reads it where it lies. */
extern const uint8_t recordWasm[];
extern const uint32_t recordWasmLength;

#endif
