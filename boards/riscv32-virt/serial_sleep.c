// Sleep until the UART or the clock wakes the processor. Addresses, interrupt lines and clocks as in QEMU's
// hw/riscv/virt.c; its PLIC and CLINT are SiFive's.
#include <stdint.h>
#include "lwip/serial_line.h"
#include "network.h"

__asm__(".option arch, +zicsr");

typedef volatile uint32_t Register;
static Register *const priority = (Register *)0x0c000000, *const enable = (Register *)0x0c002000,
                *const claim = (Register *)0x0c200004;
static Register *const mtimecmp = (Register *)0x02004000, *const mtime = (Register *)0x0200bff8;
enum { UART_LINE = 10, TICKS_PER_MILLISECOND = 10000, LONGEST = 60000 };
enum { MTIE = 1 << 7, MEIE = 1 << 11 };

void serialWake(void) {
  priority[UART_LINE] = 1;
  *enable = 1 << UART_LINE;
  __asm__ volatile("csrw mie, %0" ::"r"(MTIE | MEIE));
}

void networkSleep(uint32_t milliseconds) {
  // The PLIC holds an interrupt until it is claimed and completed. What comes after this makes it pending again.
  *claim = *claim;
  if (milliseconds == 0 || serialHasBytes()) return;
  uint32_t high, low;
  do {
    high = mtime[1];
    low = mtime[0];
  } while (high != mtime[1]);
  uint64_t ticks = (uint64_t)(milliseconds < LONGEST ? milliseconds : LONGEST) * TICKS_PER_MILLISECOND;
  uint64_t until = ((uint64_t)high << 32 | low) + ticks;
  // The upper half first to its largest: in between nothing must seem to be due.
  mtimecmp[1] = UINT32_MAX;
  mtimecmp[0] = until;
  mtimecmp[1] = until >> 32;
  // Interrupts are pending at the most, never taken (mstatus.MIE is clear): this wakes for either.
  __asm__ volatile("wfi" ::: "memory");
}
