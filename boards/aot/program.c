// The contract of ../common/program.h for the one program that was compiled into this firmware.
#include "program.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "translated.h"

const char programEngine[] = "aot";

// Where a trap leads to. One thread at a time runs translated code.
static jmp_buf *landing;

struct ProgramFunction {
  const TranslatedFunction *translated;
  void *instance;
};

void wipeBytes(void *bytes, size_t length) {
  volatile uint8_t *at = bytes;
  while (length-- > 0) *at++ = 0;
}

void wasm_rt_trap(wasm_rt_trap_t trap) {
  if (!landing) abort();
  longjmp(*landing, (int)trap);
}

bool wasm_rt_is_initialized(void) { return true; }

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
  (void)parameters, (void)results;
  return 0;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) {
  free(memory->data);
  *memory = (wasm_rt_memory_t){0};
}

// In wasm3's words, as far as it has them.
static const char *textOf(int trap) {
  switch (trap) {
    case WASM_RT_TRAP_OOB: return "[trap] out of bounds memory access";
    case WASM_RT_TRAP_INT_OVERFLOW: return "[trap] integer overflow";
    case WASM_RT_TRAP_DIV_BY_ZERO: return "[trap] integer divide by zero";
    case WASM_RT_TRAP_UNREACHABLE: return "[trap] unreachable executed";
    case WASM_RT_TRAP_EXHAUSTION: return "[trap] stack overflow";
    default: return "[trap] the program broke a rule of WebAssembly";
  }
}

// Calls `function`, or starts the program where it is NULL. Gives the trap.
static int guarded(void *instance, const TranslatedFunction *function, const int32_t arguments[], int32_t *result) {
  jmp_buf here;
  int trap = setjmp(here);
  if (trap == 0) {
    landing = &here;
    if (!function) translatedProgram.start(instance);
    else if (function->results == 0) function->call(instance, (const uint32_t *)arguments);
    else *result = (int32_t)function->call(instance, (const uint32_t *)arguments);
  }
  landing = NULL;
  return trap;
}

const char *programLoad(Program *program, const uint8_t *wasm, size_t length, uint32_t stackBytes) {
  (void)stackBytes;
  const TranslatedProgram *translated = &translatedProgram;
  *program = (Program){0};
  if (length != sizeof translated->sha256 || memcmp(wasm, translated->sha256, length) != 0)
    return "this firmware was compiled for another program";
  program->runtime = calloc(1, translated->instanceBytes);
  ProgramFunction *functions = calloc(translated->functionCount, sizeof *functions);
  program->environment = functions;
  if (!program->runtime || !functions) return "memory allocation failed";
  for (uint32_t i = 0; i < translated->functionCount; i++)
    functions[i] = (ProgramFunction){&translated->functions[i], program->runtime};
  int trap = guarded(program->runtime, NULL, NULL, NULL);
  return trap == 0 ? NULL : textOf(trap);
}

ProgramFunction *programFind(Program *program, const char *name) {
  for (uint32_t i = 0; i < translatedProgram.functionCount; i++)
    if (strcmp(name, translatedProgram.functions[i].name) == 0)
      return (ProgramFunction *)program->environment + i;
  return NULL;
}

const char *programCall(ProgramFunction *function, uint32_t count, const int32_t arguments[], int32_t *result) {
  if (count != function->translated->count) return "argument count mismatch";
  int trap = guarded(function->instance, function->translated, arguments, result);
  return trap == 0 ? NULL : textOf(trap);
}

ProgramFunction *programFunction(Program *program, uint32_t index, uint32_t *count, uint32_t *results) {
  if (index >= translatedProgram.functionCount) return NULL;
  *count = translatedProgram.functions[index].count;
  *results = translatedProgram.functions[index].results;
  return (ProgramFunction *)program->environment + index;
}

ProgramExports programExports(Program *program) {
  (void)program;
  return (ProgramExports){NULL, NULL, translatedProgram.functionCount + translatedProgram.constantCount};
}

int programNextExport(Program *program, ProgramExports *exports, ProgramExport *out) {
  (void)program;
  if (exports->left == 0) return 0;
  uint32_t index = --exports->left;
  if (index < translatedProgram.functionCount) {
    const TranslatedFunction *function = &translatedProgram.functions[index];
    *out = (ProgramExport){function->name, strlen(function->name), 1, index, function->count, 0};
  } else {
    const TranslatedConstant *constant = &translatedProgram.constants[index - translatedProgram.functionCount];
    *out = (ProgramExport){constant->name, strlen(constant->name), 0, 0, 0, constant->value};
  }
  return 1;
}

void programLimit(Program *program, uint32_t pages) {
  wasm_rt_memory_t *memory = translatedProgram.memory(program->runtime);
  if (memory->max_pages > pages) memory->max_pages = pages;
}

uint8_t *programMemory(Program *program, uint32_t *length) {
  const wasm_rt_memory_t *memory = translatedProgram.memory(program->runtime);
  *length = memory->size;
  return memory->data;
}

void programFree(Program *program) {
  if (program->runtime) {
    wasm_rt_memory_t *memory = translatedProgram.memory(program->runtime);
    if (memory->data) wipeBytes(memory->data, memory->size);
    wasm_rt_free_memory(memory);
    wipeBytes(program->runtime, translatedProgram.instanceBytes);
  }
  free(program->runtime);
  free(program->environment);
  *program = (Program){0};
}
