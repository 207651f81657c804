#include "memory.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

#include "wasm-rt.h"

#define PAGE 65536
#define PAGES 32
#define BLOCKS 4096
/** Poison between two blocks. A block begins on a multiple of 16. */
#define GAP 32

typedef struct {
  uint32_t address, length;
  int taken;
} Block;

struct Snapshot {
  Z_fuzzed_instance_t instance;
  uint32_t count, end;
  Block blocks[BLOCKS];
  uint8_t bytes[];
};

Z_fuzzed_instance_t program;
uint32_t wasm_rt_call_stack_depth;
static uint8_t *memory;
/** Where the static data end, and where the next block begins. */
static uint32_t heap, end;
static Block blocks[BLOCKS];
static uint32_t count;

void failTarget(const char *what) {
  fprintf(stderr, "DEPUTY: %s\n", what);
  abort();
}

void wasm_rt_trap(wasm_rt_trap_t code) {
  static const char *const names[] = {
      "nothing",           "an access outside memory", "an integer overflow", "a division by zero", "a conversion",
      "unreachable code",  "an indirect call",         "an exception",        "a stack overflow",
  };
  char text[64];
  unsigned index = (unsigned)code;
  snprintf(text, sizeof text, "trap: %s", index < sizeof names / sizeof *names ? names[index] : "unknown");
  failTarget(text);
}

void wasm_rt_init(void) {}
bool wasm_rt_is_initialized(void) { return true; }

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
  static uint32_t types;
  (void)parameters, (void)results;
  return ++types;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *m, uint32_t initial, uint32_t most) {
  (void)most;
  memory = calloc(PAGES, PAGE);
  heap = end = initial * PAGE;
  m->data = memory;
  m->pages = m->max_pages = PAGES;
  m->size = PAGES * PAGE;
  ASAN_POISON_MEMORY_REGION(memory + heap, m->size - heap);
}

// The heap is outside the program; nothing else of it grows memory.
uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *m, uint32_t pages) {
  (void)m, (void)pages;
  failTarget("the program grew its memory by itself");
}

void wasm_rt_free_memory(wasm_rt_memory_t *m) { (void)m; }

uint32_t Z_heapZ_take(struct Z_heap_instance_t *unused, uint32_t length) {
  (void)unused;
  uint32_t address = (end + GAP + 15) & ~15u;
  if (count == BLOCKS || length > PAGES * PAGE - GAP || address > PAGES * PAGE - GAP - length) return 0;
  blocks[count++] = (Block){address, length, 1};
  end = address + length;
  ASAN_UNPOISON_MEMORY_REGION(memory + address, length);
  // As the last owner left them: never zero by luck.
  memset(memory + address, 0xa5, length);
  return address;
}

void Z_heapZ_give(struct Z_heap_instance_t *unused, uint32_t address) {
  (void)unused;
  if (address == 0) return;
  for (uint32_t i = count; i-- > 0;) {
    if (blocks[i].address != address) continue;
    if (!blocks[i].taken) failTarget("a block was given back twice");
    blocks[i].taken = 0;
    ASAN_POISON_MEMORY_REGION(memory + address, blocks[i].length);
    return;
  }
  failTarget("something was given back that is no block");
}

uint32_t blocksTaken(void) {
  uint32_t taken = 0;
  for (uint32_t i = 0; i < count; i++) taken += (uint32_t)blocks[i].taken;
  return taken;
}

void startProgram(void) {
  Z_fuzzed_init_module();
  Z_fuzzed_instantiate(&program, NULL);
}

Snapshot *takeSnapshot(void) {
  Snapshot *s = malloc(sizeof *s + end);
  s->instance = program;
  s->count = count;
  s->end = end;
  memcpy(s->blocks, blocks, count * sizeof *blocks);
  memcpy(s->bytes, memory, heap);
  for (uint32_t i = 0; i < count; i++) {
    if (blocks[i].taken) memcpy(s->bytes + blocks[i].address, memory + blocks[i].address, blocks[i].length);
  }
  return s;
}

void restoreSnapshot(const Snapshot *s) {
  ASAN_POISON_MEMORY_REGION(memory + heap, end > heap ? ((end - heap + 15) & ~15u) : 0);
  program = s->instance;
  count = s->count;
  end = s->end;
  wasm_rt_call_stack_depth = 0;
  memcpy(blocks, s->blocks, count * sizeof *blocks);
  memcpy(memory, s->bytes, heap);
  for (uint32_t i = 0; i < count; i++) {
    if (!blocks[i].taken) continue;
    ASAN_UNPOISON_MEMORY_REGION(memory + blocks[i].address, blocks[i].length);
    memcpy(memory + blocks[i].address, s->bytes + blocks[i].address, blocks[i].length);
  }
}

void putBytes(uint32_t address, const void *bytes, size_t length) {
  if (length > 0) memcpy(memory + address, bytes, length);
}

void readBytes(uint32_t address, size_t length) {
  static volatile uint8_t sum;
  for (size_t i = 0; i < length; i++) sum = (uint8_t)(sum ^ memory[address + i]);
}

uint8_t *readFile(const char *name, size_t *length) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", FUZZ_KEYS, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  uint8_t *bytes = malloc(65536);
  *length = fread(bytes, 1, 65536, file);
  fclose(file);
  return bytes;
}
