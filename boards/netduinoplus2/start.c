// Reset, the timer and the exceptions of the STM32F405 (ST RM0090; Armv7-M Architecture Reference Manual).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "fault.h"
#include "semihosting.h"

extern uint32_t dataLoad[], dataStart[], dataEnd[], bssStart[], bssEnd[], stackTop[];
int main(void);

// Coprocessor access control (B3.2.20): bits 20 to 23 switch the floating-point unit on.
static volatile uint32_t *const CPACR = (uint32_t *)0xe000ed88;
// RM0090 §7.3.13: clocks of the timers.
static volatile uint32_t *const APB1ENR = (uint32_t *)0x40023840;

// TIM2, 32 bits wide (§18.4). QEMU runs it at 1 GHz.
typedef struct {
  uint32_t control, others[8], count, prescaler, reload;
} Timer;
static volatile Timer *const timer = (Timer *)0x40000000;

__attribute__((noreturn)) static void reset(void) {
  *CPACR |= 0xfu << 20;
  __asm__ volatile("dsb\n isb");
  memcpy(dataStart, dataLoad, (char *)dataEnd - (char *)dataStart);
  memset(bssStart, 0, (char *)bssEnd - (char *)bssStart);
  *APB1ENR |= 1;
  timer->prescaler = 0;
  timer->reload = UINT32_MAX;
  timer->control = 1;
  hostExit(main());
}

uint64_t boardNanoseconds(void) {
  // The counter wraps after 4.2 seconds of virtual time; anyone who asks more often than that misses no wrap.
  static uint32_t last;
  static uint64_t total;
  uint32_t now = timer->count;
  total += (uint32_t)(now - last);
  last = now;
  return total;
}

// `frame` is what the processor pushed (Armv7-M Architecture Reference Manual, B1.5.6): r0 to r3, r12, lr, pc, xpsr.
__attribute__((used, noreturn)) static void sayFault(const uint32_t *frame) { faulted("hard", frame[6], frame[5]); }

__attribute__((naked)) static void fault(void) { __asm__("mov r0, sp\n b sayFault"); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stackTop, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
