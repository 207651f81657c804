// Reset, the timer and the exceptions of the MPS2 AN500 image (Arm DAI 0500; Armv7-M Architecture Reference Manual).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "fault.h"
#include "semihosting.h"

extern uint32_t dataLoad[], dataStart[], dataEnd[], bssStart[], bssEnd[], stackTop[];
int main(void);

// Coprocessor access control (B3.2.20): bits 20 to 23 switch the floating-point unit on.
static volatile uint32_t *const CPACR = (uint32_t *)0xe000ed88;
static volatile uint32_t *const CFSR = (uint32_t *)0xe000ed28;

// CMSDK APB timer 0: counts down at 25 MHz (Arm DDI 0479, §4.4).
typedef struct {
  uint32_t control, value, reload, interrupt;
} Timer;
static volatile Timer *const timer = (Timer *)0x40000000;
enum { NANOSECONDS_PER_TICK = 40 };

__attribute__((noreturn)) static void reset(void) {
  *CPACR |= 0xfu << 20;
  __asm__ volatile("dsb\n isb");
  memcpy(dataStart, dataLoad, (char *)dataEnd - (char *)dataStart);
  memset(bssStart, 0, (char *)bssEnd - (char *)bssStart);
  timer->reload = UINT32_MAX;
  timer->value = UINT32_MAX;
  timer->control = 1;
  hostExit(main());
}

uint64_t boardNanoseconds(void) {
  // The counter wraps after 171 seconds of virtual time; anyone who asks more often than that misses no wrap.
  static uint32_t last;
  static uint64_t ticks;
  uint32_t now = UINT32_MAX - timer->value;
  ticks += (uint32_t)(now - last);
  last = now;
  return ticks * NANOSECONDS_PER_TICK;
}

// `frame` is what the processor pushed (B1.5.6): r0 to r3, r12, lr, pc, xpsr.
__attribute__((used, noreturn)) static void sayFault(const uint32_t *frame) {
  // Configurable Fault Status (B3.2.15): memory in the lowest byte, bus in the next, usage above. 0 for a hard fault.
  uint32_t status = *CFSR;
  faulted(status >> 16 ? "usage" : status >> 8 ? "bus" : status ? "memory" : "hard", frame[6], frame[5]);
}

__attribute__((naked)) static void fault(void) { __asm__("mov r0, sp\n b sayFault"); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stackTop, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
