// Sleep until the UART or a timer wakes the processor. (Registers of the OMAP310's timers and interrupt controllers as
// QEMU's hw/arm/omap1.c and hw/intc/omap_intc.c have them.)
#include <stdint.h>
#include "lwip/serial_line.h"
#include "network.h"

typedef volatile uint32_t Register;

// MPU timer 2, once: the first runs on and tells the time (start.c).
static Register *const timer = (Register *)0xfffec600;
enum { TIMER_CONTROL, TIMER_LOAD };
enum { TIMER_START = 1, TIMER_CLOCK = 32, TICKS_PER_MILLISECOND = 6000, LONGEST = 60000 };

// The second interrupt controller feeds the first one's line 0. Neither's interrupt is ever taken: it wakes the processor.
static Register *const first = (Register *)0xfffecb00, *const second = (Register *)0xfffe0000;
enum { PENDING, MASK, CONTROL = 0x18 / 4, LEVELS = 0x1c / 4 };
enum { SECOND_LINE = 0, TIMER2_LINE = 30, UART1_LINE = 14 };
enum { BY_LEVEL = 2, NEXT_INTERRUPT = 1 };

// The clock module's ARM_IDLECT1.
static volatile uint16_t *const idle = (volatile uint16_t *)0xfffece04;
enum { WAKE_BY_INTERRUPT = 1 << 10, SET_IDLE = 1 << 11 };

void serialWake(void) {
  first[LEVELS + SECOND_LINE] = BY_LEVEL;
  second[LEVELS + UART1_LINE] = BY_LEVEL;
  second[MASK] = ~(1u << UART1_LINE);
  first[MASK] = ~(1u << SECOND_LINE | 1u << TIMER2_LINE);
}

void networkSleep(uint32_t milliseconds) {
  if (milliseconds == 0 || serialHasBytes()) return;
  timer[TIMER_CONTROL] = TIMER_CLOCK;
  timer[TIMER_LOAD] = (milliseconds < LONGEST ? milliseconds : LONGEST) * TICKS_PER_MILLISECOND;
  timer[TIMER_CONTROL] = TIMER_CLOCK | TIMER_START;
  // Wait for interrupt, by the clock module (QEMU takes the coprocessor's instruction for one of its cache), then as ARM9
  // cores do. A byte that came meanwhile holds its line, so that neither waits.
  *idle |= WAKE_BY_INTERRUPT | SET_IDLE;
  __asm__ volatile("mcr p15, 0, %0, c7, c0, 4" ::"r"(0) : "memory");
  timer[TIMER_CONTROL] = TIMER_CLOCK;
  first[PENDING] = 0;
  second[CONTROL] = NEXT_INTERRUPT;
  first[CONTROL] = NEXT_INTERRUPT;
}
