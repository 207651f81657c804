// The functions of the object `board.storage`. native.ts and board.h say what each does.
#include "native_storage.h"
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "wasm.h"

enum { KEY_MAX = 32 };

// Keys become names of files on some boards: nothing else may pass.
static int isKey(const char *key) {
  size_t length = strlen(key);
  return length > 0 && length <= KEY_MAX && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

static JSValue load(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  size_t length = 0;
  const char *key = count > 0 ? JS_ToCString(context, arguments[0]) : NULL;
  if (!key) return JS_EXCEPTION;
  uint8_t *bytes = isKey(key) ? boardLoad(key, &length) : NULL;
  JS_FreeCString(context, key);
  return bytes ? bytesOver(context, bytes, length, freeMalloced, NULL) : JS_UNDEFINED;
}

static JSValue store(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  size_t length = 0;
  uint8_t *bytes = count > 1 ? bytesOf(context, arguments[1], &length) : NULL;
  if (!bytes) return JS_EXCEPTION;
  const char *key = JS_ToCString(context, arguments[0]);
  if (!key) return JS_EXCEPTION;
  int kept = isKey(key) && boardStore(key, bytes, length) == 0;
  JS_FreeCString(context, key);
  return JS_NewBool(context, kept);
}

JSValue newStorage(JSContext *context) {
  static const JSCFunctionListEntry functions[] = {
      JS_CFUNC_DEF("load", 1, load),
      JS_CFUNC_DEF("store", 2, store),
  };
  JSValue storage = JS_NewObject(context);
  if (!JS_IsException(storage))
    JS_SetPropertyFunctionList(context, storage, functions, sizeof functions / sizeof *functions);
  return storage;
}
