#include "impairment.h"
#include <string.h>
#include "gateway.h"

enum { QUEUE = 256 };

typedef struct {
  Deliver *deliver;  // NULL for a free place
  int64_t due;
  size_t length;
  uint8_t packet[MAX_PACKET];
} Delayed;
static Delayed queue[QUEUE];

// Below `limit`: a linear congruential generator, so that a run can be had again.
static uint32_t below(Impairment *how, uint32_t limit) {
  how->seed = how->seed * 1664525 + 1013904223;
  return (uint64_t)how->seed * limit >> 32;
}

void impaired(Impairment *how, Deliver *deliver, const uint8_t *packet, size_t length) {
  static unsigned passed;
  if (length > MAX_PACKET || (how->cut && passed == how->cut)) return;
  passed++;
  if (below(how, 100) < how->loss) return;
  if (how->delay == 0) {
    deliver(packet, length);
    return;
  }
  Delayed *place = queue;
  while (place < queue + QUEUE && place->deliver) place++;
  // A full queue loses packets, as a router's does.
  if (place == queue + QUEUE) return;
  place->deliver = deliver;
  place->due = milliseconds() + below(how, how->delay);
  place->length = length;
  memcpy(place->packet, packet, length);
}

uint32_t impairedDue(uint32_t most) {
  for (;;) {
    Delayed *next = NULL;
    for (Delayed *it = queue; it < queue + QUEUE; it++)
      if (it->deliver && (!next || it->due < next->due)) next = it;
    if (!next) return most;
    int64_t wait = next->due - milliseconds();
    if (wait > 0) return wait < most ? wait : most;
    Deliver *deliver = next->deliver;
    next->deliver = NULL;
    deliver(next->packet, next->length);
  }
}
