// Reset and the timer of the Palm Tungsten|E (Texas Instruments OMAP310, SPRU602: MPU timers).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "semihosting.h"

extern char bssStart[], bssEnd[];
int main(void);

// MPU timer 1: counts down at the 12 MHz crystal's clock, halved by its smallest prescaler.
typedef struct {
  uint32_t control, load, value;
} Timer;
static volatile Timer *const timer = (Timer *)0xfffec500;
enum { START = 1, RELOAD = 2, CLOCK = 32, HERTZ = 6000000 };

__attribute__((noreturn, used)) static void begin(void) {
  memset(bssStart, 0, bssEnd - bssStart);
  timer->control = CLOCK;
  timer->load = UINT32_MAX;
  timer->control = CLOCK | RELOAD | START;
  hostExit(main());
}

// QEMU starts a kernel in supervisor mode, without a stack.
__attribute__((naked, section(".text.start"))) void start(void) {
  __asm__ volatile("ldr sp, =stackTop\n b begin");
}

uint64_t boardNanoseconds(void) {
  // The counter wraps after 715 seconds of virtual time; whoever asks more often than that misses no wrap.
  static uint32_t last;
  static uint64_t ticks;
  uint32_t now = UINT32_MAX - timer->value;
  ticks += (uint32_t)(now - last);
  last = now;
  return ticks * 1000 / (HERTZ / 1000000);
}
