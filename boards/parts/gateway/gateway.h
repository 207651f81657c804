// The pieces of the gateway: a line to the board, and libslirp's user-mode network.
#ifndef DEPUTY_GATEWAY_H
#define DEPUTY_GATEWAY_H

#include <stddef.h>
#include <stdint.h>

/** What the line carries: IP packets in SLIP, or Ethernet frames with their length in four bytes before them. */
typedef enum { SLIP, ETHERNET } LineKind;

/** A clock that never goes back. */
int64_t milliseconds(void);

// --- The line (line.c).

void lineOpen(int file, LineKind kind);
void lineSend(const uint8_t *packet, size_t length);
/** Takes bytes that came, and gives each whole packet to `take`. */
void lineReceived(const uint8_t *bytes, size_t length, void (*take)(const uint8_t *packet, size_t length));

// --- The network (network.c).

/** Starts it; `deliver` gets what is for the board. Returns 0, or -1. */
int networkStart(LineKind kind, void (*deliver)(const uint8_t *packet, size_t length));
/** A packet of the board. */
void networkInput(const uint8_t *packet, size_t length);
/**
 * Waits until `file` has something to say, or `wait` milliseconds, and moves what the network has to move meanwhile.
 * Returns whether `file` has.
 */
int networkServe(int file, uint32_t wait);

#endif
