// A bad network on purpose: packets are lost, delayed and overtake each other, always the same ones for the same seed.
#ifndef DEPUTY_IMPAIRMENT_H
#define DEPUTY_IMPAIRMENT_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_PACKET = 1514 };

typedef struct {
  unsigned loss;   // of a hundred packets
  unsigned delay;  // milliseconds at most; each packet waits for a part of it
  unsigned cut;    // nothing passes after so many packets; 0 for never
  uint32_t seed;
} Impairment;

typedef void Deliver(const uint8_t *packet, size_t length);

/** Hands the packet to `deliver`, now, later or never. */
void impaired(Impairment *how, Deliver *deliver, const uint8_t *packet, size_t length);

/** Hands on what is due. Returns the milliseconds until the next packet is, or `most`. */
uint32_t impairedDue(uint32_t most);

#endif
