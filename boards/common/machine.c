#include "machine.h"
#include <string.h>
#include "board.h"

// The host layer and its entry as bytecode (boards/parts/client.ts).
extern const uint8_t clientBytecode[];
extern const uint32_t clientBytecode_size;

static void say(const char *text) { boardWrite(1, text, strlen(text)); }

void machineComplain(Machine *machine) {
  JSContext *context = machine->context;
  JSValue error = JS_GetException(context);
  const char *text = JS_ToCString(context, error);
  say("deputy: ");
  say(text ? text : "something that is no text was thrown");
  say("\n");
  JS_FreeCString(context, text);
  JSValue stack = JS_IsError(context, error) ? JS_GetPropertyStr(context, error, "stack") : JS_UNDEFINED;
  const char *trace = JS_IsString(stack) ? JS_ToCString(context, stack) : NULL;
  if (trace) say(trace);
  JS_FreeCString(context, trace);
  JS_FreeValue(context, stack);
  JS_FreeValue(context, error);
}

// What the client uses of the language. The parser is not among it: the firmware holds bytecode alone.
static JSContext *newContext(JSRuntime *runtime) {
  JSContext *context = JS_NewContextRaw(runtime);
  JS_AddIntrinsicBaseObjects(context);
  JS_AddIntrinsicRegExpCompiler(context);
  JS_AddIntrinsicRegExp(context);
  JS_AddIntrinsicMapSet(context);
  JS_AddIntrinsicTypedArrays(context);
  JS_AddIntrinsicPromise(context);
  return context;
}

int machineOpen(Machine *machine, JSRuntime *runtime, int count, char **arguments) {
  machine->runtime = runtime;
  machine->context = newContext(runtime);
  JS_SetMaxStackSize(runtime, boardStackSize());
  return nativeInit(machine->context, &machine->native, count, arguments);
}

int machineStart(Machine *machine) {
  JSContext *context = machine->context;
  JSValue script = JS_ReadObject(context, clientBytecode, clientBytecode_size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(script)) return -1;
  JSValue result = JS_EvalFunction(context, script);
  JS_FreeValue(context, result);
  return JS_IsException(result) ? -1 : 0;
}

// One call of the client's turn. Returns 0, or -1 with an exception.
static int turn(JSContext *context, Native *native, int32_t *milliseconds) {
  JSValue result = JS_Call(context, native->turn, JS_UNDEFINED, 0, NULL);
  if (JS_IsException(result)) return -1;
  int wrong = JS_ToInt32(context, milliseconds, result);
  JS_FreeValue(context, result);
  return wrong;
}

Turn machineTurn(Machine *machine, int32_t *milliseconds) {
  Native *native = &machine->native;
  for (;;) {
    JSContext *ran;
    int done = 1;
    while (!native->exiting && done > 0) done = JS_ExecutePendingJob(machine->runtime, &ran);
    if (native->exiting) return TURN_EXIT;
    if (done < 0) return TURN_FAILED;
    boardPoll();
    if (turn(machine->context, native, milliseconds)) return TURN_FAILED;
    if (native->exiting) return TURN_EXIT;
    if (!JS_IsJobPending(machine->runtime)) return TURN_DONE;
  }
}

void machineClose(Machine *machine) {
  // Cycles go first: this version of QuickJS frees no context that garbage alone still holds.
  JS_RunGC(machine->runtime);
  JS_FreeValue(machine->context, machine->native.turn);
  machine->native.turn = JS_UNDEFINED;
  JS_FreeContext(machine->context);
  JS_FreeRuntime(machine->runtime);
}
