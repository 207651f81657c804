// Reset, the memory map, the exceptions and the timer of the Palm Tungsten|E (Texas Instruments OMAP310, SPRU602: MPU
// timers; ARM Architecture Reference Manual, DDI 0100: chapters A2.6 for exceptions, B3 and B4 for memory).
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "fault.h"
#include "semihosting.h"

extern char bssStart[], bssEnd[], memoryStart[], memoryEnd[];
int main(void);

// MPU timer 1: counts down at the 12 MHz crystal's clock, halved by its smallest prescaler.
typedef struct {
  uint32_t control, load, value;
} Timer;
static volatile Timer *const timer = (Timer *)0xfffec500;
enum { START = 1, RELOAD = 2, CLOCK = 32, HERTZ = 6000000 };

// The eight vectors lie at address 0, where this board has no memory: the first megabyte of RAM shows there too, which
// nothing may write to. Whatever is neither RAM nor a device is an abort.
enum { MEGABYTE = 20, SECTION = 0x12, READ_WRITE = 1 << 10 };
enum { MMU = 1 << 0, ALIGNED = 1 << 1, READ_ONLY_SECTIONS = 1 << 9 };
static const uint32_t DEVICES = 0xfff00000;
static uint32_t sections[4096] __attribute__((aligned(16384)));

extern const uint32_t vectors[16];

static void mapMemory(void) {
  memcpy(memoryStart, vectors, sizeof vectors);
  sections[0] = (uint32_t)memoryStart | SECTION;
  for (uint32_t at = (uint32_t)memoryStart; at < (uint32_t)memoryEnd; at += 1 << MEGABYTE)
    sections[at >> MEGABYTE] = at | READ_WRITE | SECTION;
  sections[DEVICES >> MEGABYTE] = DEVICES | READ_WRITE | SECTION;
  uint32_t control;
  __asm__ volatile(
      "mcr p15, 0, %1, c2, c0, 0\n"  // the table
      "mcr p15, 0, %2, c3, c0, 0\n"  // domain 0 by its permissions
      "mcr p15, 0, %1, c8, c7, 0\n"  // nothing translated yet
      "mrc p15, 0, %0, c1, c0, 0\n"
      : "=&r"(control)
      : "r"(sections), "r"(1)
      : "memory");
  control |= MMU | ALIGNED | READ_ONLY_SECTIONS;
  __asm__ volatile("mcr p15, 0, %0, c1, c0, 0\n nop\n nop" ::"r"(control) : "memory");
}

__attribute__((noreturn, used)) static void begin(void) {
  memset(bssStart, 0, bssEnd - bssStart);
  mapMemory();
  timer->control = CLOCK;
  timer->load = UINT32_MAX;
  timer->control = CLOCK | RELOAD | START;
  hostExit(main());
}

// QEMU starts a kernel in supervisor mode, without a stack.
__attribute__((naked, section(".text.start"))) void start(void) {
  __asm__ volatile("ldr sp, =stackTop\n b begin");
}

// Each exception's lr is a few bytes behind what caused it; the caller's is that of supervisor mode, which all runs in.
#define EXCEPTION(name, what, behind)                                                          \
  static const char name##Text[] __attribute__((used)) = what;                                 \
  __attribute__((naked, used)) static void name(void) {                                        \
    __asm__ volatile("sub r1, lr, #" #behind "\n msr cpsr_c, #0xd3\n mov r2, lr\n"             \
                     "ldr sp, =stackTop\n ldr r0, =" #name "Text\n b faulted");                \
  }
EXCEPTION(undefined, "undefined instruction", 4)
EXCEPTION(prefetchAbort, "no code", 4)
EXCEPTION(dataAbort, "no memory", 8)
EXCEPTION(unexpected, "unexpected exception", 4)

// `ldr pc, [pc, #24]` eight times, and what they load: reset, undefined, supervisor call, aborts, reserved, interrupts.
#define LOAD 0xe59ff018
__attribute__((used)) const uint32_t vectors[16] = {
    LOAD, LOAD, LOAD, LOAD, LOAD, LOAD, LOAD, LOAD,
    (uint32_t)unexpected, (uint32_t)undefined, (uint32_t)unexpected, (uint32_t)prefetchAbort,
    (uint32_t)dataAbort, (uint32_t)unexpected, (uint32_t)unexpected, (uint32_t)unexpected,
};

uint64_t boardNanoseconds(void) {
  // The counter wraps after 715 seconds of virtual time; anyone who asks more often than that misses no wrap.
  static uint32_t last;
  static uint64_t ticks;
  uint32_t now = UINT32_MAX - timer->value;
  ticks += (uint32_t)(now - last);
  last = now;
  return ticks * 1000 / (HERTZ / 1000000);
}
