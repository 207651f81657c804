// wasm programs for QuickJS: load() gives { exports, constants, memory(), close() }, as the binding for Node does.
//
// memory() gives an ArrayBuffer that lies on the linear memory itself, so bytes of the network reach a program by
// one TypedArray.set. When a call moves the memory, the old ArrayBuffer is detached before other JavaScript runs.
//
// Lifetime: the JavaScript object and the ArrayBuffer each count as a user of the instance; the last one frees it.
#include "wasm.h"
#include <stdlib.h>
#include <string.h>
#include "program.h"

typedef struct Instance {
  struct Instance *next, **place; // among the engine's programs
  Program program;
  int open;       // the program is loaded
  int users;
  JSValue wasm;   // keeps the module's bytes, which wasm3 reads until it has compiled all
  JSValue buffer; // the ArrayBuffer over the memory, not counted as a reference; undefined where there is none
  uint8_t *data;
  uint32_t length;
} Instance;

static JSClassID instanceClass;

static void wipe(void *bytes, size_t length) {
  volatile uint8_t *at = bytes;
  while (length-- > 0) *at++ = 0;
}

static void wipeProgram(Instance *it) {
  it->open = 0;
  uint32_t length = 0;
  uint8_t *data = programMemory(&it->program, &length);
  if (data) wipe(data, length);
  programFree(&it->program);
}

static void closeProgram(JSRuntime *runtime, Instance *it) {
  if (!it->open) return;
  wipeProgram(it);
  JS_FreeValueRT(runtime, it->wasm);
  it->wasm = JS_UNDEFINED;
}

static void leave(JSRuntime *runtime, Instance *it) {
  if (--it->users > 0) return;
  closeProgram(runtime, it);
  *it->place = it->next;
  if (it->next) it->next->place = it->place;
  free(it);
}

// QuickJS calls this when it detaches a buffer, and once more, without bytes, when it frees the detached one.
static void bufferFreed(JSRuntime *runtime, void *opaque, void *bytes) {
  if (!bytes) return;
  Instance *it = opaque;
  it->buffer = JS_UNDEFINED;
  leave(runtime, it);
}

static void instanceFreed(JSRuntime *runtime, JSValue value) {
  Instance *it = JS_GetOpaque(value, instanceClass);
  if (it) leave(runtime, it);
}

static const JSClassDef instanceDefinition = {"WasmProgram", .finalizer = instanceFreed};

int wasmInit(JSContext *context) {
  JS_NewClassID(&instanceClass);
  return JS_NewClass(JS_GetRuntime(context), instanceClass, &instanceDefinition);
}

uint8_t *bytesOf(JSContext *context, JSValueConst value, size_t *length) {
  size_t offset, size, whole;
  JSValue buffer = JS_GetTypedArrayBuffer(context, value, &offset, length, &size);
  if (JS_IsException(buffer)) return NULL;
  uint8_t *bytes = JS_GetArrayBuffer(context, &whole, buffer);
  // The view keeps its buffer, so this reference need not.
  JS_FreeValue(context, buffer);
  if (!bytes || size != 1 || offset + *length > whole) {
    JS_ThrowTypeError(context, "expected a Uint8Array");
    return NULL;
  }
  return bytes + offset;
}

void freeMalloced(JSRuntime *runtime, void *opaque, void *bytes) {
  (void)runtime, (void)opaque;
  free(bytes);
}

JSValue bytesOver(JSContext *context, uint8_t *bytes, size_t length, JSFreeArrayBufferDataFunc *release, void *opaque) {
  JSValue buffer = JS_NewArrayBuffer(context, bytes, length, release, opaque, 0);
  if (JS_IsException(buffer)) return buffer;
  JSValueConst arguments[3] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue view = JS_NewTypedArray(context, 3, arguments, JS_TYPED_ARRAY_UINT8);
  JS_FreeValue(context, buffer);
  return view;
}

// Looks where the linear memory is now; detaches the ArrayBuffer if it moved or changed its length.
static void refreshMemory(JSContext *context, Instance *it) {
  uint32_t length = 0;
  uint8_t *data = programMemory(&it->program, &length);
  if (data == it->data && length == it->length) return;
  it->data = data;
  it->length = length;
  if (!JS_IsUndefined(it->buffer)) JS_DetachArrayBuffer(context, it->buffer);
}

static Instance *openInstance(JSContext *context, JSValueConst object) {
  Instance *it = JS_GetOpaque2(context, object, instanceClass);
  if (it && it->open) return it;
  if (it) JS_ThrowTypeError(context, "this wasm program was closed");
  return NULL;
}

static JSValue callExport(JSContext *context, JSValueConst self, int count, JSValueConst *arguments, int index,
                          JSValue *data) {
  (void)self;
  Instance *it = openInstance(context, data[0]);
  if (!it) return JS_EXCEPTION;
  uint32_t wanted = 0, results = 0;
  ProgramFunction *function = programFunction(&it->program, index, &wanted, &results);
  int32_t numbers[MAX_ARGUMENTS] = {0}, result = 0;
  for (uint32_t i = 0; i < wanted && i < (uint32_t)count; i++)
    if (JS_ToInt32(context, &numbers[i], arguments[i])) return JS_EXCEPTION;
  const char *trap = programCall(function, wanted, numbers, &result);
  refreshMemory(context, it);
  if (trap) return JS_ThrowInternalError(context, "%s", trap);
  return results == 1 ? JS_NewInt32(context, result) : JS_UNDEFINED;
}

static JSValue getMemory(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)count, (void)arguments;
  Instance *it = openInstance(context, self);
  if (!it) return JS_EXCEPTION;
  if (!JS_IsUndefined(it->buffer)) return JS_DupValue(context, it->buffer);
  JSValue buffer = JS_NewArrayBuffer(context, it->data, it->length, bufferFreed, it, 0);
  if (JS_IsException(buffer)) return buffer;
  it->users++;
  it->buffer = buffer;
  return buffer;
}

static JSValue closeInstance(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)count, (void)arguments;
  Instance *it = JS_GetOpaque2(context, self, instanceClass);
  if (!it) return JS_EXCEPTION;
  if (!JS_IsUndefined(it->buffer)) JS_DetachArrayBuffer(context, it->buffer);
  closeProgram(JS_GetRuntime(context), it);
  return JS_UNDEFINED;
}

static int addExports(JSContext *context, JSValueConst object, Instance *it) {
  JSValue exports = JS_NewObject(context), constants = JS_NewObject(context);
  int made = !JS_IsException(exports) && !JS_IsException(constants);
  ProgramExports reader = programExports(&it->program);
  for (ProgramExport found; made && programNextExport(&it->program, &reader, &found);) {
    JSValue target = found.isFunction ? exports : constants, member;
    if (found.isFunction) {
      JSValue data = JS_DupValue(context, object);
      member = JS_NewCFunctionData(context, callExport, found.count, found.index, 1, &data);
      JS_FreeValue(context, data);
    } else {
      member = JS_NewInt32(context, found.value);
    }
    JSAtom name = JS_NewAtomLen(context, found.name, found.nameLength);
    made = !JS_IsException(member) && name != JS_ATOM_NULL && JS_SetProperty(context, target, name, member) >= 0;
    JS_FreeAtom(context, name);
  }
  // JS_SetPropertyStr takes its value, whatever comes of it.
  made = JS_SetPropertyStr(context, object, "exports", exports) >= 0 && made;
  return JS_SetPropertyStr(context, object, "constants", constants) >= 0 && made;
}

static const JSCFunctionListEntry methods[] = {
    JS_CFUNC_DEF("memory", 0, getMemory),
    JS_CFUNC_DEF("close", 0, closeInstance),
};

JSValue wasmLoad(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  uint32_t stackBytes, maxPages;
  size_t length;
  if (count < 3) return JS_ThrowTypeError(context, "load(wasm, stackBytes, maxPages)");
  uint8_t *wasm = bytesOf(context, arguments[0], &length);
  if (!wasm || JS_ToUint32(context, &stackBytes, arguments[1]) || JS_ToUint32(context, &maxPages, arguments[2]))
    return JS_EXCEPTION;
  Instance *it = calloc(1, sizeof *it);
  if (!it) return JS_ThrowOutOfMemory(context);
  it->users = 1;
  it->buffer = JS_UNDEFINED;
  it->wasm = JS_UNDEFINED;
  const char *wrong = programLoad(&it->program, wasm, length, stackBytes);
  if (wrong) {
    programFree(&it->program);
    free(it);
    return JS_ThrowInternalError(context, "the wasm program does not load: %s", wrong);
  }
  Native *native = JS_GetRuntimeOpaque(JS_GetRuntime(context));
  it->next = native->programs;
  it->place = &native->programs;
  if (it->next) it->next->place = &it->next;
  native->programs = it;
  it->open = 1;
  it->wasm = JS_DupValue(context, arguments[0]);
  programLimit(&it->program, maxPages);
  it->data = programMemory(&it->program, &it->length);
  JSValue object = JS_NewObjectClass(context, instanceClass);
  if (JS_IsException(object)) {
    leave(JS_GetRuntime(context), it);
    return object;
  }
  JS_SetOpaque(object, it);
  JS_SetPropertyFunctionList(context, object, methods, sizeof methods / sizeof *methods);
  if (!addExports(context, object, it)) {
    JS_FreeValue(context, object);
    return JS_EXCEPTION;
  }
  return object;
}

void wasmAbandon(Native *native) {
  while (native->programs) {
    Instance *it = native->programs;
    native->programs = it->next;
    if (it->open) wipeProgram(it);
    free(it);
  }
}
