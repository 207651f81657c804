// Reset, exceptions and the counter (RISC-V Privileged Architecture, version 1.12, chapter 3).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "fault.h"
#include "semihosting.h"

// The compiler's name of this architecture leaves them out, since its libraries' names do.
__asm__(".option arch, +zicsr");

extern char bssStart[], bssEnd[];
int main(void);

// Machine causes (table 3.6).
static const char *const causes[] = {
    "misaligned code",  "no code",      "undefined instruction", "breakpoint",
    "misaligned load",  "no memory",    "misaligned store",      "no memory",
};

__attribute__((used, noreturn)) static void trapped(uint32_t cause, uint32_t pc, uint32_t caller) {
  faulted(cause < sizeof causes / sizeof *causes ? causes[cause] : "unexpected exception", pc, caller);
}

__attribute__((naked, aligned(4), used)) static void trap(void) {
  __asm__ volatile("csrr a0, mcause\n csrr a1, mepc\n mv a2, ra\n la sp, stackTop\n j trapped");
}

__attribute__((noreturn, used)) static void begin(void) {
  memset(bssStart, 0, bssEnd - bssStart);
  hostExit(main());
}

__attribute__((naked, section(".text.start"))) void start(void) {
  __asm__ volatile(
      ".option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n"
      "la sp, stackTop\n la tp, threadStart\n la t0, trap\n csrw mtvec, t0\n j begin");
}

// mcycle: QEMU's -icount makes a cycle an instruction and a nanosecond, sleep included.
uint64_t boardNanoseconds(void) {
  uint32_t high, low, again;
  do {
    __asm__ volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh" : "=r"(high), "=r"(low), "=r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
}
