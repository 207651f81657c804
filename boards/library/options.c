// The options of deputy.h for the script, and what else it calls of the instance.
#include "instance.h"

static void setNumber(JSContext *context, JSValueConst object, const char *name, int64_t value) {
  JS_SetPropertyStr(context, object, name, JS_NewInt64(context, value));
}

static JSValue proxyOf(JSContext *context, const DeputyProxy *proxy) {
  JSValue object = JS_NewObject(context);
  setText(context, object, "host", proxy->host);
  setNumber(context, object, "port", proxy->port);
  setText(context, object, "serverName", proxy->name);
  setText(context, object, "token", proxy->token);
  JS_SetPropertyStr(context, object, "roots", JS_NewStringLen(context, proxy->roots, proxy->rootsLength));
  return object;
}

static JSValue profileOf(JSContext *context, const DeputyProfile *profile) {
  JSValue object = JS_NewObject(context);
  setText(context, object, "name", profile->name ? profile->name : "device");
  setNumber(context, object, "screenWidth", profile->screenWidth);
  setNumber(context, object, "screenHeight", profile->screenHeight);
  setNumber(context, object, "colourDepth", profile->colourDepth);
  JS_SetPropertyStr(context, object, "colour", JS_NewBool(context, profile->colour));
  JS_SetPropertyStr(context, object, "styles", JS_NewBool(context, profile->styles));
  JS_SetPropertyStr(context, object, "markup", listOf(context, profile->markup));
  JS_SetPropertyStr(context, object, "pictures", listOf(context, profile->pictures));
  setText(context, object, "charset", profile->charset ? profile->charset : "utf-8");
  setNumber(context, object, "memory", profile->memory);
  return object;
}

// The names of grant.ts, in the order of DeputyGrant.
static const char *const grants[] = {"deny", "observe", "epoch", "session", "resume", "full"};

static JSValue decide(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  Native *native = JS_GetContextOpaque(context);
  Deputy *deputy = native->owner;
  uint32_t port;
  if (!deputy->policy || count < 3 || JS_ToUint32(context, &port, arguments[1])) return JS_NewString(context, grants[0]);
  const char *host = JS_ToCString(context, arguments[0]);
  const char *reason = JS_ToCString(context, arguments[2]);
  uint32_t grant = host && reason ? deputy->policy(deputy->context, host, port, *reason ? reason : NULL) : DEPUTY_DENY;
  JS_FreeCString(context, host);
  JS_FreeCString(context, reason);
  return JS_NewString(context, grants[grant < sizeof grants / sizeof *grants ? grant : 0]);
}

static JSValue ended(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  Native *native = JS_GetContextOpaque(context);
  native->exiting = 1;
  return JS_UNDEFINED;
}

static JSValue onCalls(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  Native *native = JS_GetContextOpaque(context);
  Deputy *deputy = native->owner;
  if (count < 1 || !JS_IsObject(arguments[0])) return JS_ThrowTypeError(context, "expected an object");
  JS_FreeValue(context, deputy->calls);
  deputy->calls = JS_DupValue(context, arguments[0]);
  return JS_UNDEFINED;
}

JSValue libraryObject(JSContext *context, const DeputyOptions *options) {
  static const JSCFunctionListEntry functions[] = {
      JS_CFUNC_DEF("decide", 3, decide),
      JS_CFUNC_DEF("ended", 0, ended),
      JS_CFUNC_DEF("onCalls", 1, onCalls),
  };
  JSValue library = JS_NewObject(context), given = JS_NewObject(context);
  JS_SetPropertyFunctionList(context, library, functions, sizeof functions / sizeof *functions);
  exchangeFunctions(context, library);
  JS_SetPropertyStr(context, given, "roots", JS_NewStringLen(context, options->roots, options->rootsLength));
  if (options->proxy) JS_SetPropertyStr(context, given, "proxy", proxyOf(context, options->proxy));
  if (options->profile) JS_SetPropertyStr(context, given, "profile", profileOf(context, options->profile));
  JS_SetPropertyStr(context, given, "undelegated", JS_NewBool(context, options->undelegated));
  setNumber(context, given, "timeout", options->timeout);
  JS_SetPropertyStr(context, library, "options", given);
  return library;
}
