// Reset, the timer and the exceptions of the MPS2 AN500 image (Arm DAI 0500; Armv7-M Architecture Reference Manual).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "semihosting.h"

extern uint32_t dataLoad[], dataStart[], dataEnd[], bssStart[], bssEnd[], stackTop[];
int main(void);

// Coprocessor access control (B3.2.20): bits 20 to 23 switch the floating-point unit on.
static volatile uint32_t *const CPACR = (uint32_t *)0xe000ed88;

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
  // The counter wraps after 171 seconds of virtual time; whoever asks more often than that misses no wrap.
  static uint32_t last;
  static uint64_t ticks;
  uint32_t now = UINT32_MAX - timer->value;
  ticks += (uint32_t)(now - last);
  last = now;
  return ticks * NANOSECONDS_PER_TICK;
}

static void hex(char *out, uint32_t value) {
  for (int i = 0; i < 8; i++) out[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15];
}

// `frame` is what the processor pushed (B1.5.6): r0 to r3, r12, lr, pc, xpsr.
__attribute__((used, noreturn)) static void sayFault(const uint32_t *frame) {
  static char text[] = "the processor took a fault at 0x00000000, called from 0x00000000\n";
  hex(strchr(text, 'x') + 1, frame[6]);
  hex(strrchr(text, 'x') + 1, frame[5]);
  hostWrite(hostOpen(":tt", HOST_WRITE), text, sizeof text - 1);
  hostExit(3);
}

__attribute__((naked)) static void fault(void) { __asm__("mov r0, sp\n b sayFault"); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stackTop, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
