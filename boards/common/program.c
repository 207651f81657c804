#include "program.h"
#include <string.h>
#include "m3_compile.h"
#include "m3_env.h"
#include "module.h"
#include "wasm3.h"

const char programEngine[] = "wasm3";

static IM3Runtime runtimeOf(const Program *program) { return program->runtime; }

const char *programLoad(Program *program, const uint8_t *wasm, size_t length, uint32_t stackBytes) {
  IM3Module module;
  *program = (Program){0};
  const char *wrong = refusedModule(wasm, length);
  if (wrong) return wrong;
  *program = (Program){m3_NewEnvironment(), NULL, wasm, length};
  if (program->environment) program->runtime = m3_NewRuntime(program->environment, stackBytes, program);
  IM3Runtime runtime = program->runtime;
  if (!runtime) return m3Err_mallocFailed;
#ifdef DEPUTY_LINEAR_BYTES
  // A board without room for a whole page of linear memory: what lies beyond traps.
  runtime->memoryLimit = DEPUTY_LINEAR_BYTES;
#endif
  wrong = m3_ParseModule(program->environment, &module, wasm, length);
  if (wrong) return wrong;
  wrong = m3_LoadModule(runtime, module);
  if (wrong) {
    m3_FreeModule(module);
    return wrong;
  }
  return m3_RunStart(module);
}

ProgramFunction *programFind(Program *program, const char *name) {
  IM3Module module = runtimeOf(program)->modules;
  ModuleReader reader = moduleExports(program->wasm, program->length);
  ModuleExport found;
  while (nextExport(&reader, &found)) {
    if (found.kind != EXPORT_FUNCTION) continue;
    if (strlen(name) == found.nameLength && memcmp(name, found.name, found.nameLength) == 0)
      return found.index < module->numFunctions ? (ProgramFunction *)&module->functions[found.index] : NULL;
  }
  return NULL;
}

const char *programCall(ProgramFunction *called, uint32_t count, const int32_t arguments[], int32_t *result) {
  const void *pointers[MAX_ARGUMENTS];
  IM3Function function = (IM3Function)called;
  if (count > MAX_ARGUMENTS) return m3Err_argumentCountMismatch;
  for (uint32_t i = 0; i < count; i++) pointers[i] = &arguments[i];
  const char *wrong = function->compiled ? m3Err_none : CompileFunction(function);
  if (!wrong) wrong = m3_Call(function, count, pointers);
  if (!wrong && m3_GetRetCount(function) == 1) wrong = m3_GetResultsV(function, result);
  return wrong;
}

ProgramFunction *programFunction(Program *program, uint32_t index, uint32_t *count, uint32_t *results) {
  IM3Module module = runtimeOf(program)->modules;
  if (index >= module->numFunctions) return NULL;
  IM3Function function = &module->functions[index];
  *count = m3_GetArgCount(function);
  *results = m3_GetRetCount(function);
  if (*count > MAX_ARGUMENTS || *results > 1) return NULL;
  for (uint32_t i = 0; i < *count; i++)
    if (m3_GetArgType(function, i) != c_m3Type_i32) return NULL;
  if (*results == 1 && m3_GetRetType(function, 0) != c_m3Type_i32) return NULL;
  return (ProgramFunction *)function;
}

// Whether that global is 32 bits wide and never changes.
static int constant(Program *program, uint32_t index, int32_t *value) {
  IM3Module module = runtimeOf(program)->modules;
  if (index >= module->numGlobals) return 0;
  M3Global *global = &module->globals[index];
  if (global->isMutable || global->type != c_m3Type_i32) return 0;
  *value = global->i32Value;
  return 1;
}

ProgramExports programExports(Program *program) {
  ModuleReader reader = moduleExports(program->wasm, program->length);
  return (ProgramExports){reader.at, reader.end, reader.left};
}

int programNextExport(Program *program, ProgramExports *exports, ProgramExport *out) {
  ModuleReader reader = {exports->at, exports->end, exports->left};
  int usable = 0;
  for (ModuleExport found; !usable && nextExport(&reader, &found);) {
    uint32_t results;
    *out = (ProgramExport){found.name, found.nameLength, found.kind == EXPORT_FUNCTION, found.index, 0, 0};
    if (out->isFunction) usable = programFunction(program, found.index, &out->count, &results) != NULL;
    else usable = found.kind == EXPORT_GLOBAL && constant(program, found.index, &out->value);
  }
  *exports = (ProgramExports){reader.at, reader.end, reader.left};
  return usable;
}

void programLimit(Program *program, uint32_t pages) {
  M3Memory *memory = &runtimeOf(program)->memory;
  if (memory->maxPages > pages) memory->maxPages = pages;
}

uint8_t *programMemory(Program *program, uint32_t *length) { return m3_GetMemory(program->runtime, length, 0); }

void programFree(Program *program) {
  if (program->runtime) m3_FreeRuntime(program->runtime);
  if (program->environment) m3_FreeEnvironment(program->environment);
  *program = (Program){0};
}
