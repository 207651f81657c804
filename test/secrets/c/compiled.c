// The driver's engine: the program as C, by wasm2c. `calls.h` has a line for each export.
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "driver.h"
#include "watched.h"

uint32_t wasm_rt_call_stack_depth;
static Z_watched_instance_t program;
static uint32_t result;

void wasm_rt_init(void) {}
bool wasm_rt_is_initialized(void) { return true; }
void wasm_rt_trap(wasm_rt_trap_t code) { (void)code, stop("a trap"); }
uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
  (void)parameters, (void)results;
  return 1;
}
void wasm_rt_allocate_memory(wasm_rt_memory_t *m, uint32_t initial, uint32_t most) {
  m->data = calloc(64, 65536);
  m->pages = initial;
  m->max_pages = most < 64 ? most : 64;
  m->size = initial * 65536;
}
uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *m, uint32_t pages) {
  uint32_t before = m->pages;
  if (pages > m->max_pages - before) return (uint32_t)-1;
  m->pages += pages;
  m->size = m->pages * 65536;
  return before;
}
void wasm_rt_free_memory(wasm_rt_memory_t *m) { free(m->data); }

void loadProgram(const char *file) {
  (void)file;
  Z_watched_init_module();
  Z_watched_instantiate(&program);
}

uint8_t *programMemory(uint32_t *length) {
  if (length != NULL) *length = program.w2c_memory.size;
  return program.w2c_memory.data;
}

uint32_t lastResult(void) { return result; }
void forgetState(void) { VALGRIND_MAKE_MEM_DEFINED(&program, sizeof program); }

int callExport(const char *name, uint32_t count, const uint32_t a[]) {
#define CALL(export, parameters, expression) \
  if (count == parameters && !strcmp(name, export)) return expression, VALGRIND_MAKE_MEM_DEFINED(&result, sizeof result), 1;
#include "calls.h"
  return 0;
}
