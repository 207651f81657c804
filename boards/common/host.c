// The main loop: JavaScript runs until it waits, then the board sleeps until a socket or a timer has something to say.
#include "host.h"
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "memory.h"
#include "native.h"

// The host layer and its entry as bytecode (boards/parts/client.ts).
extern const uint8_t clientBytecode[];
extern const uint32_t clientBytecode_size;

enum { STATUS_FAILED = 1 };

static void say(const char *text) { boardWrite(1, text, strlen(text)); }

// Prints what was thrown, with its trace.
static void sayException(JSContext *context) {
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

static int evaluate(JSContext *context) {
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

static int loop(JSRuntime *runtime, JSContext *context, Native *native) {
  for (;;) {
    JSContext *ran;
    int32_t wait = 0;
    int done = 1;
    while (!native->exiting && done > 0) done = JS_ExecutePendingJob(runtime, &ran);
    if (native->exiting) return native->status;
    if (done < 0) break;
    boardPoll();
    if (turn(context, native, &wait)) break;
    if (native->exiting) return native->status;
    if (JS_IsJobPending(runtime)) continue;
    if (wait < 0) {
      // Never to happen: the client always waits for a socket or a time. Better said than slept through.
      say("deputy: the client waits for nothing; please report this\n");
      return STATUS_FAILED;
    }
    boardWait(wait);
  }
  sayException(context);
  return STATUS_FAILED;
}

int hostRun(int count, char **arguments) {
  Native native;
  const char *wrong = boardNetwork();
  if (wrong) {
    say("deputy: no network: ");
    say(wrong);
    say("\n");
    return STATUS_FAILED;
  }
  JSRuntime *runtime = newRuntime();
  JSContext *context = newContext(runtime);
  JS_SetMaxStackSize(runtime, boardStackSize());
  int status = STATUS_FAILED;
  if (nativeInit(context, &native, count, arguments) || evaluate(context)) sayException(context);
  else status = loop(runtime, context, &native);
  // Cycles go first: this version of QuickJS frees no context that garbage alone still holds.
  JS_RunGC(runtime);
  JS_FreeValue(context, native.turn);
  native.turn = JS_UNDEFINED;
  JS_FreeContext(context);
  JS_FreeRuntime(runtime);
  return status;
}
