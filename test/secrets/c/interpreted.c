// The driver's engine: the program under wasm3.
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

#include "driver.h"
#include "m3_env.h"
#include "wasm3.h"

static IM3Runtime runtime;
static uint32_t result;

static void must(M3Result failure) {
  if (failure) stop(failure);
}

void loadProgram(const char *name) {
  FILE *file = name ? fopen(name, "rb") : NULL;
  if (file == NULL) stop("the program's file can't be read");
  static uint8_t wasm[1 << 20];
  size_t length = fread(wasm, 1, sizeof wasm, file);
  fclose(file);
  IM3Environment environment = m3_NewEnvironment();
  runtime = m3_NewRuntime(environment, 65536, NULL);
  IM3Module module;
  must(m3_ParseModule(environment, &module, wasm, (uint32_t)length));
  must(m3_LoadModule(runtime, module));
}

uint8_t *programMemory(uint32_t *length) {
  uint32_t size;
  uint8_t *memory = m3_GetMemory(runtime, &size, 0);
  if (length != NULL) *length = size;
  return memory;
}

uint32_t lastResult(void) { return result; }

void forgetState(void) {
  VALGRIND_MAKE_MEM_DEFINED(runtime->stack, runtime->numStackSlots * sizeof(m3slot_t));
  for (IM3Module module = runtime->modules; module; module = module->next)
    VALGRIND_MAKE_MEM_DEFINED(module->globals, module->numGlobals * sizeof *module->globals);
}

int callExport(const char *name, uint32_t count, const uint32_t arguments[]) {
  IM3Function function;
  if (m3_FindFunction(&function, runtime, name) || m3_GetArgCount(function) != count) return 0;
  const void *pointers[16];
  for (uint32_t i = 0; i < count; i++) pointers[i] = &arguments[i];
  if (m3_Call(function, count, pointers)) return 0;
  const void *results[1] = {&result};
  if (m3_GetRetCount(function) == 1) {
    if (m3_GetResults(function, 1, results)) return 0;
    VALGRIND_MAKE_MEM_DEFINED(&result, sizeof result);
  }
  return 1;
}
