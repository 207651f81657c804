// The sandbox of a translated program, in the place of wasm2c's own preamble: every access is checked against the memory's
// size in 32 bits, every function checks the stack, and all else traps as WebAssembly has it.
//
// Included once, at the head of the translated C: the memory's place and size are static there and their addresses are
// never taken, so the compiler keeps both in registers between calls.
#ifndef DEPUTY_SANDBOX_H
#define DEPUTY_SANDBOX_H

#include <stdlib.h>
#include <string.h>
#include "translated.h"

#ifndef DEPUTY_AOT_STACK
// Bytes of the C stack that one call from outside may take, the last function's own frame aside.
#define DEPUTY_AOT_STACK 20480
#endif

#define PAGE 65536u

static uint8_t *memoryBytes;
static uint32_t memorySize;
static uintptr_t stackLimit;

#define TRAP(x) (wasm_rt_trap(WASM_RT_TRAP_##x), 0)
#define UNREACHABLE TRAP(UNREACHABLE)

// Read from the register where a frame pointer, which __builtin_frame_address makes, would cost.
static inline __attribute__((always_inline)) uintptr_t stackPointer(void) {
#if defined __arm__ || defined __aarch64__
  uintptr_t sp;
  __asm__("mov %0, sp" : "=r"(sp));
  return sp;
#elif defined __riscv
  uintptr_t sp;
  __asm__("mv %0, sp" : "=r"(sp));
  return sp;
#else
  return (uintptr_t)__builtin_frame_address(0);
#endif
}

#define FUNC_PROLOGUE \
  if (UNLIKELY(stackPointer() < stackLimit)) TRAP(EXHAUSTION)
#define FUNC_EPILOGUE

// `last`: bytes from the address to behind the access, a constant. Memory is never smaller than a page, so the first
// condition is decided when this is compiled, but for addresses that are constants themselves.
static inline __attribute__((always_inline)) uint8_t *placed(uint32_t address, uint32_t offset, uint32_t bytes) {
  uint32_t last = offset + bytes;
  if (UNLIKELY(last < offset) || (last > PAGE && UNLIKELY(last > memorySize)) || UNLIKELY(address > memorySize - last))
    TRAP(OOB);
  return memoryBytes + offset + address;
}

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
// WebAssembly Core Specification 2.0, §4.4.7: linear memory is little-endian.
#define LITTLE_u8(x) (x)
#define LITTLE_u16(x) __builtin_bswap16(x)
#define LITTLE_u32(x) __builtin_bswap32(x)
#define LITTLE_u64(x) __builtin_bswap64(x)
#else
#define LITTLE_u8(x) (x)
#define LITTLE_u16(x) (x)
#define LITTLE_u32(x) (x)
#define LITTLE_u64(x) (x)
#endif

// Processors that can't load what isn't aligned load it byte by byte; what is aligned, as all of the program's own is, in one.
#if defined __arm__ && !defined __ARM_FEATURE_UNALIGNED
#define ALIGNED(place, type) (((uintptr_t)(place) & (sizeof(type) > 4 ? 3 : sizeof(type) - 1)) == 0)
#define WORDS(type) __attribute__((aligned(sizeof(type) > 4 ? 4 : sizeof(type)), may_alias)) type
#else
#define ALIGNED(place, type) 0
#define WORDS(type) type
#endif

#define DEFINE_LOAD(name, type, wide, result)                                                             \
  static inline __attribute__((always_inline)) result name(uint32_t address, uint32_t offset) {           \
    typedef WORDS(type) Word;                                                                             \
    const uint8_t *place = placed(address, offset, sizeof(type));                                         \
    type value;                                                                                           \
    if (ALIGNED(place, type)) value = *(const Word *)place;                                               \
    else memcpy(&value, place, sizeof value);                                                             \
    return (result)(wide)LITTLE_##type(value);                                                            \
  }

#define DEFINE_STORE(name, type, from)                                                                    \
  static inline __attribute__((always_inline)) void name(uint32_t address, uint32_t offset, from given) { \
    typedef WORDS(type) Word;                                                                             \
    uint8_t *place = placed(address, offset, sizeof(type));                                               \
    type value = LITTLE_##type((type)given);                                                              \
    if (ALIGNED(place, type)) *(Word *)place = value;                                                     \
    else memcpy(place, &value, sizeof value);                                                             \
  }

DEFINE_LOAD(i32_load, u32, u32, u32)
DEFINE_LOAD(i64_load, u64, u64, u64)
DEFINE_LOAD(i32_load8_s, u8, s8, u32)
DEFINE_LOAD(i64_load8_s, u8, s8, u64)
DEFINE_LOAD(i32_load8_u, u8, u8, u32)
DEFINE_LOAD(i64_load8_u, u8, u8, u64)
DEFINE_LOAD(i32_load16_s, u16, s16, u32)
DEFINE_LOAD(i64_load16_s, u16, s16, u64)
DEFINE_LOAD(i32_load16_u, u16, u16, u32)
DEFINE_LOAD(i64_load16_u, u16, u16, u64)
DEFINE_LOAD(i64_load32_s, u32, s32, u64)
DEFINE_LOAD(i64_load32_u, u32, u32, u64)
DEFINE_STORE(i32_store, u32, u32)
DEFINE_STORE(i64_store, u64, u64)
DEFINE_STORE(i32_store8, u8, u32)
DEFINE_STORE(i32_store16, u16, u32)
DEFINE_STORE(i64_store8, u8, u64)
DEFINE_STORE(i64_store16, u16, u64)
DEFINE_STORE(i64_store32, u32, u64)

// A range whose length the program gives.
static inline uint8_t *range(uint32_t address, uint32_t length) {
  if (UNLIKELY(length > memorySize) || UNLIKELY(address > memorySize - length)) TRAP(OOB);
  return memoryBytes + address;
}

static inline void memory_fill(uint32_t to, uint32_t value, uint32_t length) {
  memset(range(to, length), (int)value, length);
}

static inline void memory_copy(uint32_t to, uint32_t from, uint32_t length) {
  uint8_t *target = range(to, length);
  memmove(target, range(from, length), length);
}

#define LOAD_DATA(memory, at, bytes, length) memcpy(range(at, length), bytes, length)

/** Before each call from outside: this instance's memory, and so much of the stack as is free for it. */
static inline void enter(const wasm_rt_memory_t *memory) {
  memoryBytes = memory->data;
  memorySize = memory->size;
  stackLimit = stackPointer() - DEPUTY_AOT_STACK;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t most) {
  if (pages == 0) pages = 1;
  memory->data = calloc(pages, PAGE);
  if (!memory->data) TRAP(OOB);
  memory->pages = pages;
  memory->max_pages = most;
  memory->size = pages * PAGE;
  enter(memory);
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t more) {
  uint32_t before = memory->pages;
  if (more == 0) return before;
  if (more > memory->max_pages || before > memory->max_pages - more) return (uint32_t)-1;
  // Not realloc: where it moves, it leaves the program's secrets behind.
  uint8_t *bytes = calloc(before + more, PAGE);
  if (!bytes) return (uint32_t)-1;
  memcpy(bytes, memory->data, memory->size);
  wipeBytes(memory->data, memory->size);
  free(memory->data);
  memory->data = memoryBytes = bytes;
  memory->pages = before + more;
  memory->size = memorySize = memory->pages * PAGE;
  return before;
}

#endif
