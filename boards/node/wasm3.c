// The N-API binding of wasm3: one function, load(wasm, stackBytes, maxPages).
//
// load() gives { exports, constants, memory(), close() }. `exports` holds one JavaScript function for each exported wasm
// function, `constants` a number for each exported i32 that never changes; `memory()` gives an ArrayBuffer that lies on
// wasm3's linear memory itself. When a call grows the memory, wasm3 moves it: the old ArrayBuffer is detached before
// anything else in JavaScript runs, and memory() gives another.

#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include "instance.h"
#include "m3_compile.h"
#include "m3_env.h"
#include "module.h"
#include "wasm3.h"

enum {
  MAX_ARGUMENTS = 16,
  MIN_STACK = 1024,
  MAX_STACK = 1024 * 1024,
  // A wasm call also takes some 200 bytes of C stack; a worker thread of Node has 4 MiB in all.
  MAX_NATIVE_STACK = 512 * 1024,
};

typedef struct {
  Instance *instance;
  IM3Function function;
} Export;

// The deepest address of the C stack that the running program may reach. Node runs one thread per environment.
static _Thread_local uintptr_t stackFloor;

static uintptr_t nativeStack(void) { return (uintptr_t)__builtin_frame_address(0); }

// wasm3 asks this at each wasm call; it is the only bound on the C stack that a recursion meets.
M3Result m3_Yield(void) {
  return nativeStack() < stackFloor ? m3Err_trapStackOverflow : m3Err_none;
}

static napi_value fail(napi_env env, const char *code, const char *text) {
  napi_throw_error(env, code, text);
  return NULL;
}

static void exportCollected(napi_env env, void *data, void *hint) {
  (void)hint;
  Instance *it = ((Export *)data)->instance;
  free(data);
  functionCollected(env, it);
}

static void methodCollected(napi_env env, void *data, void *hint) {
  (void)hint;
  functionCollected(env, data);
}

static M3Result run(Export *e, uint32_t count, const void *arguments[], int32_t *value) {
  Instance *it = e->instance;
  uintptr_t outer = stackFloor;
  M3Result result = m3Err_none;
  it->running = 1;
  stackFloor = nativeStack() - MAX_NATIVE_STACK;
  if (!e->function->compiled) result = CompileFunction(e->function);
  if (!result) result = m3_Call(e->function, count, arguments);
  if (!result && m3_GetRetCount(e->function) == 1) result = m3_GetResultsV(e->function, value);
  stackFloor = outer;
  it->running = 0;
  return result;
}

static napi_value callExport(napi_env env, napi_callback_info info) {
  napi_value given[MAX_ARGUMENTS];
  size_t count = MAX_ARGUMENTS;
  Export *e;
  if (napi_get_cb_info(env, info, &count, given, NULL, (void **)&e) != napi_ok) return NULL;
  if (!e->instance->runtime) return fail(env, "WASM3_CLOSED", "this wasm program was closed");

  int32_t numbers[MAX_ARGUMENTS];
  const void *pointers[MAX_ARGUMENTS];
  uint32_t wanted = m3_GetArgCount(e->function);
  for (uint32_t i = 0; i < wanted; i++) {
    numbers[i] = 0;
    pointers[i] = &numbers[i];
    // As in WebAssembly's own interface: a missing argument is 0, a number is taken modulo 2^32.
    if (i < count && napi_get_value_int32(env, given[i], &numbers[i]) != napi_ok) {
      napi_throw_type_error(env, "WASM3_ARGUMENT", "a wasm function takes numbers");
      return NULL;
    }
  }
  int32_t value = 0;
  M3Result trap = run(e, wanted, pointers, &value);
  refreshMemory(env, e->instance);
  if (trap) return fail(env, "WASM3_TRAP", trap);
  if (m3_GetRetCount(e->function) == 0) return NULL;
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

static napi_value getMemory(napi_env env, napi_callback_info info) {
  Instance *it;
  napi_value buffer = NULL;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&it) != napi_ok) return NULL;
  if (!it->runtime) return fail(env, "WASM3_CLOSED", "this wasm program was closed");
  if (it->buffer) {
    napi_get_reference_value(env, it->buffer, &buffer);
    return buffer;
  }
  if (it->length == 0) {
    napi_create_arraybuffer(env, 0, NULL, &buffer);
    return buffer;
  }
  it->buffers++;
  if (napi_create_external_arraybuffer(env, it->data, it->length, bufferCollected, it, &buffer) != napi_ok) {
    it->buffers--;
    return fail(env, "WASM3_MEMORY", "this JavaScript engine allows no ArrayBuffer over foreign memory");
  }
  napi_create_reference(env, buffer, 1, &it->buffer);
  return buffer;
}

static napi_value closeInstance(napi_env env, napi_callback_info info) {
  Instance *it;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&it) != napi_ok || !it->runtime) return NULL;
  // An argument's valueOf can't run in between (numbers only), so nothing is ever running here; keep it that way.
  if (it->running) return fail(env, "WASM3_RUNNING", "a running wasm program can't be closed");
  detach(env, it);
  freeProgram(it);
  return NULL;
}

// Adds `name` to `object` as a function over `data`; the function holds the instance until it is collected.
static int addFunction(napi_env env, napi_value object, const char *name, size_t length, napi_callback callback,
                       void *data, napi_finalize collected, Instance *it) {
  napi_value function, key;
  if (napi_create_function(env, name, length, callback, data, &function) != napi_ok) return 0;
  if (napi_add_finalizer(env, function, data, collected, NULL, NULL) != napi_ok) return 0;
  it->functions++;
  if (napi_create_string_utf8(env, name, length, &key) != napi_ok) return 0;
  return napi_set_property(env, object, key, function) == napi_ok;
}

static int onlyIntegers(IM3Function function) {
  uint32_t count = m3_GetArgCount(function), results = m3_GetRetCount(function);
  if (count > MAX_ARGUMENTS || results > 1) return 0;
  for (uint32_t i = 0; i < count; i++)
    if (m3_GetArgType(function, i) != c_m3Type_i32) return 0;
  return results == 0 || m3_GetRetType(function, 0) == c_m3Type_i32;
}

// An exported constant becomes a number; a global that may change, or is wider, is left out.
static int addConstant(napi_env env, napi_value constants, Instance *it, const ModuleExport *found) {
  IM3Module module = it->runtime->modules;
  napi_value key, value;
  if (found->index >= module->numGlobals) return 1;
  M3Global *global = &module->globals[found->index];
  if (global->isMutable || global->type != c_m3Type_i32) return 1;
  return napi_create_int32(env, global->i32Value, &value) == napi_ok &&
         napi_create_string_utf8(env, found->name, found->nameLength, &key) == napi_ok &&
         napi_set_property(env, constants, key, value) == napi_ok;
}

static int addExports(napi_env env, napi_value exports, napi_value constants, Instance *it, size_t length) {
  ModuleExport found;
  ModuleReader reader = moduleExports(it->wasm, length);
  while (nextExport(&reader, &found)) {
    if (found.kind == EXPORT_GLOBAL && !addConstant(env, constants, it, &found)) return 0;
    if (found.kind != EXPORT_FUNCTION || found.index >= it->runtime->modules->numFunctions) continue;
    IM3Function function = &it->runtime->modules->functions[found.index];
    if (!onlyIntegers(function)) continue;
    Export *e = malloc(sizeof *e);
    if (!e) return 0;
    *e = (Export){it, function};
    int before = it->functions;
    if (!addFunction(env, exports, found.name, found.nameLength, callExport, e, exportCollected, it)) {
      if (it->functions == before) free(e);
      return 0;
    }
  }
  return 1;
}

// Parses and loads a copy of the module. Returns what went wrong, NULL when all is well.
static const char *start(Instance *it, const uint8_t *wasm, size_t length, uint32_t stackBytes, uint32_t maxPages) {
  IM3Module module = NULL;
  it->wasm = malloc(length);
  it->environment = m3_NewEnvironment();
  if (!it->wasm || !it->environment) return m3Err_mallocFailed;
  memcpy(it->wasm, wasm, length);
  it->runtime = m3_NewRuntime(it->environment, stackBytes, it);
  if (!it->runtime) return m3Err_mallocFailed;

  const char *refused = refusedModule(it->wasm, length);
  if (refused) return refused;
  M3Result result = m3_ParseModule(it->environment, &module, it->wasm, (uint32_t)length);
  if (result) return result;
  M3MemoryInfo *memory = &module->memoryInfo;
  if (memory->initPages > maxPages) {
    m3_FreeModule(module);
    return "the module's memory exceeds the limit";
  }
  if (memory->maxPages == 0 || memory->maxPages > maxPages) memory->maxPages = maxPages;
  result = m3_LoadModule(it->runtime, module);
  if (result) {
    m3_FreeModule(module);
    return result;
  }
  uintptr_t outer = stackFloor;
  stackFloor = nativeStack() - MAX_NATIVE_STACK;
  result = m3_RunStart(module);
  stackFloor = outer;
  uint32_t bytes = 0;
  it->data = m3_GetMemory(it->runtime, &bytes, 0);
  it->length = bytes;
  return result;
}

// V8's own validator: wasm3 trusts the types on the stack and what the sections say.
static int validates(napi_env env, napi_value bytes) {
  napi_value global, namespace, validate, result;
  bool valid = false;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, "WebAssembly", &namespace) == napi_ok &&
         napi_get_named_property(env, namespace, "validate", &validate) == napi_ok &&
         napi_call_function(env, namespace, validate, 1, &bytes, &result) == napi_ok &&
         napi_get_value_bool(env, result, &valid) == napi_ok && valid;
}

static napi_value load(napi_env env, napi_callback_info info) {
  napi_value arguments[3], buffer;
  size_t count = 3, length = 0, offset = 0;
  uint32_t stackBytes = 0, maxPages = 0;
  napi_typedarray_type type;
  void *bytes = NULL;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  if (count < 3 || napi_get_typedarray_info(env, arguments[0], &type, &length, &bytes, &buffer, &offset) != napi_ok ||
      type != napi_uint8_array || napi_get_value_uint32(env, arguments[1], &stackBytes) != napi_ok ||
      napi_get_value_uint32(env, arguments[2], &maxPages) != napi_ok) {
    napi_throw_type_error(env, "WASM3_ARGUMENT", "load(wasm: Uint8Array, stackBytes: number, maxPages: number)");
    return NULL;
  }
  if (stackBytes < MIN_STACK || stackBytes > MAX_STACK || maxPages > d_m3MaxLinearMemoryPages) {
    napi_throw_range_error(env, "WASM3_ARGUMENT", "stackBytes is 1024 to 1048576, maxPages at most 1024");
    return NULL;
  }
  if (!validates(env, arguments[0])) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    return pending ? NULL : fail(env, "WASM3_MODULE", "not a valid wasm module");
  }

  Instance *it = calloc(1, sizeof *it);
  if (!it) return fail(env, "WASM3_MEMORY", m3Err_mallocFailed);
  const char *wrong = start(it, bytes, length, stackBytes, maxPages);
  if (wrong) {
    fail(env, strncmp(wrong, "[trap]", 6) == 0 ? "WASM3_TRAP" : "WASM3_MODULE", wrong);
    freeWhenUnused(it);
    return NULL;
  }
  napi_value result, exports, constants;
  it->functions++;  // held here, so that a failure half-way frees once
  int made = napi_create_object(env, &result) == napi_ok && napi_create_object(env, &exports) == napi_ok &&
             napi_create_object(env, &constants) == napi_ok &&
             addExports(env, exports, constants, it, length) &&
             napi_set_named_property(env, result, "constants", constants) == napi_ok &&
             napi_set_named_property(env, result, "exports", exports) == napi_ok &&
             addFunction(env, result, "memory", 6, getMemory, it, methodCollected, it) &&
             addFunction(env, result, "close", 5, closeInstance, it, methodCollected, it);
  functionCollected(env, it);
  return made ? result : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "load", 4, load, NULL, &function) != napi_ok) return NULL;
  napi_set_named_property(env, exports, "load", function);
  return exports;
}
