// The functions of the global object `board`. native.ts and board.h say what each does.
#include "native.h"
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "native_storage.h"
#include "screen/native_screen.h"
#include "wasm.h"

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

// The device program, linked in as it was tested (see boards/parts/client.ts).
extern const uint8_t clientWasm[];
extern const uint32_t clientWasmLength;

enum { RECEIVE_ROOM = 8192 };

typedef struct OpenSocket {
  BoardSocket *socket;
  struct OpenSocket *next, **place;
} OpenSocket;

static JSClassID socketClass;

static OpenSocket *opened(Native *native, BoardSocket *socket) {
  OpenSocket *it = malloc(sizeof *it);
  if (!it) return NULL;
  *it = (OpenSocket){socket, native->sockets, &native->sockets};
  if (it->next) it->next->place = &it->next;
  native->sockets = it;
  return it;
}

static void closeOpen(OpenSocket *it) {
  *it->place = it->next;
  if (it->next) it->next->place = it->place;
  boardClose(it->socket);
  free(it);
}

static void socketFreed(JSRuntime *runtime, JSValue value) {
  (void)runtime;
  OpenSocket *it = JS_GetOpaque(value, socketClass);
  if (it) closeOpen(it);
}

static const JSClassDef socketDefinition = {"Socket", .finalizer = socketFreed};

static BoardSocket *socketOf(JSContext *context, JSValueConst self) {
  OpenSocket *it = JS_GetOpaque(self, socketClass);
  if (!it) JS_ThrowTypeError(context, "the socket is closed");
  return it ? it->socket : NULL;
}

// Plain Error, not InternalError: the network's failures are no bugs.
static JSValue failed(JSContext *context, const char *text) {
  JSValue error = JS_NewError(context);
  JS_DefinePropertyValueStr(context, error, "message", JS_NewString(context, text),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return JS_Throw(context, error);
}

static void freeBytes(JSRuntime *runtime, void *opaque, void *bytes) {
  (void)opaque;
  js_free_rt(runtime, bytes);
}

static JSValue connectSocket(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  uint32_t port;
  if (count < 2 || JS_ToUint32(context, &port, arguments[1])) return JS_EXCEPTION;
  const char *host = JS_ToCString(context, arguments[0]);
  if (!host) return JS_EXCEPTION;
  JSValue object = JS_NewObjectClass(context, socketClass);
  BoardSocket *socket = JS_IsException(object) ? NULL : boardConnect(host, port);
  JS_FreeCString(context, host);
  if (JS_IsException(object)) return object;
  OpenSocket *it = socket ? opened(JS_GetContextOpaque(context), socket) : NULL;
  if (!it) {
    if (socket) boardClose(socket);
    JS_FreeValue(context, object);
    return failed(context, "no memory for another socket");
  }
  JS_SetOpaque(object, it);
  return object;
}

static JSValue connected(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)count, (void)arguments;
  BoardSocket *socket = socketOf(context, self);
  if (!socket) return JS_EXCEPTION;
  int state = boardConnected(socket);
  return state == BOARD_FAILED ? failed(context, boardSocketError(socket)) : JS_NewBool(context, state);
}

static JSValue receive(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)count, (void)arguments;
  BoardSocket *socket = socketOf(context, self);
  if (!socket) return JS_EXCEPTION;
  uint8_t *room = js_malloc(context, RECEIVE_ROOM);
  if (!room) return JS_EXCEPTION;
  long length = boardReceive(socket, room, RECEIVE_ROOM);
  if (length <= 0) {
    js_free(context, room);
    if (length == BOARD_FAILED) return failed(context, boardSocketError(socket));
    return length == BOARD_END ? JS_NULL : JS_UNDEFINED;
  }
  uint8_t *bytes = js_realloc(context, room, length);
  if (!bytes) {
    js_free(context, room);
    return JS_EXCEPTION;
  }
  JSValue view = bytesOver(context, bytes, length, freeBytes, NULL);
  return view;
}

static JSValue sendBytes(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  size_t length;
  BoardSocket *socket = socketOf(context, self);
  uint8_t *bytes = socket && count > 0 ? bytesOf(context, arguments[0], &length) : NULL;
  if (!bytes) return JS_EXCEPTION;
  long taken = boardSend(socket, bytes, length);
  return taken < 0 ? failed(context, boardSocketError(socket)) : JS_NewInt64(context, taken);
}

static JSValue closeSocket(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)context, (void)count, (void)arguments;
  OpenSocket *it = JS_GetOpaque(self, socketClass);
  if (it) {
    JS_SetOpaque(self, NULL);
    closeOpen(it);
  }
  return JS_UNDEFINED;
}

static JSValue writeBytes(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  size_t length;
  uint8_t *bytes = count > 1 ? bytesOf(context, arguments[1], &length) : NULL;
  if (!bytes) return JS_EXCEPTION;
  boardWrite(JS_ToBool(context, arguments[0]), bytes, length);
  return JS_UNDEFINED;
}

static JSValue file(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  size_t length = 0;
  const char *name = count > 0 ? JS_ToCString(context, arguments[0]) : NULL;
  if (!name) return JS_EXCEPTION;
  uint8_t *bytes = boardFile(name, &length);
  JS_FreeCString(context, name);
  return bytes ? bytesOver(context, bytes, length, freeMalloced, NULL) : JS_UNDEFINED;
}

static JSValue unixTime(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  return JS_NewFloat64(context, boardUnixTime());
}

static JSValue nanoseconds(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  return JS_NewFloat64(context, boardNanoseconds());
}

static JSValue busyNanoseconds(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  return JS_NewFloat64(context, boardNanoseconds() - boardSlept());
}

static JSValue heapPeak(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  return JS_NewInt64(context, boardHeapPeak());
}

static JSValue entropy(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  uint32_t length;
  if (count < 1 || JS_ToUint32(context, &length, arguments[0])) return JS_EXCEPTION;
  uint8_t *bytes = js_malloc(context, length ? length : 1);
  if (!bytes) return JS_EXCEPTION;
  if (boardEntropy(bytes, length) != 0) {
    js_free(context, bytes);
    return JS_UNDEFINED;
  }
  return bytesOver(context, bytes, length, freeBytes, NULL);
}

static JSValue program(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  // Where it is stored; nobody writes to it.
  return bytesOver(context, (uint8_t *)clientWasm, clientWasmLength, NULL, NULL);
}

static JSValue onTurn(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  Native *native = JS_GetContextOpaque(context);
  if (count < 1 || !JS_IsFunction(context, arguments[0])) return JS_ThrowTypeError(context, "expected a function");
  JS_FreeValue(context, native->turn);
  native->turn = JS_DupValue(context, arguments[0]);
  return JS_UNDEFINED;
}

static JSValue exitWith(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  Native *native = JS_GetContextOpaque(context);
  if (count < 1 || JS_ToInt32(context, &native->status, arguments[0])) return JS_EXCEPTION;
  native->exiting = 1;
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry socketMethods[] = {
    JS_CFUNC_DEF("connected", 0, connected),
    JS_CFUNC_DEF("receive", 0, receive),
    JS_CFUNC_DEF("send", 1, sendBytes),
    JS_CFUNC_DEF("close", 0, closeSocket),
};

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("connect", 2, connectSocket),
    JS_CFUNC_DEF("write", 2, writeBytes),
    JS_CFUNC_DEF("file", 1, file),
    JS_CFUNC_DEF("unixTime", 0, unixTime),
    JS_CFUNC_DEF("nanoseconds", 0, nanoseconds),
    JS_CFUNC_DEF("busyNanoseconds", 0, busyNanoseconds),
    JS_CFUNC_DEF("heapPeak", 0, heapPeak),
    JS_CFUNC_DEF("entropy", 1, entropy),
    JS_CFUNC_DEF("program", 0, program),
    JS_CFUNC_DEF("load", 3, wasmLoad),
    JS_CFUNC_DEF("onTurn", 1, onTurn),
    JS_CFUNC_DEF("exit", 1, exitWith),
};

static int initSockets(JSContext *context) {
  JS_NewClassID(&socketClass);
  if (JS_NewClass(JS_GetRuntime(context), socketClass, &socketDefinition)) return -1;
  JSValue prototype = JS_NewObject(context);
  if (JS_IsException(prototype)) return -1;
  JS_SetPropertyFunctionList(context, prototype, socketMethods, COUNT(socketMethods));
  JS_SetClassProto(context, socketClass, prototype);
  return 0;
}

int nativeInit(JSContext *context, Native *native, int count, char **arguments) {
  *native = (Native){.turn = JS_UNDEFINED};
  JS_SetContextOpaque(context, native);
  JS_SetRuntimeOpaque(JS_GetRuntime(context), native);
  if (initSockets(context) || wasmInit(context)) return -1;
  JSValue board = JS_NewObject(context), list = JS_NewArray(context);
  if (JS_IsException(board) || JS_IsException(list)) return -1;
  JS_SetPropertyFunctionList(context, board, functions, COUNT(functions));
  for (int i = 0; i < count; i++) JS_SetPropertyUint32(context, list, i, JS_NewString(context, arguments[i]));
  JS_SetPropertyStr(context, board, "arguments", list);
  if (newStorage) JS_SetPropertyStr(context, board, "storage", newStorage(context));
  if (newScreen) JS_SetPropertyStr(context, board, "screen", newScreen(context));
  JSValue global = JS_GetGlobalObject(context);
  int set = JS_SetPropertyStr(context, global, "board", board);
  JS_FreeValue(context, global);
  return set < 0 ? -1 : 0;
}

void nativeAbandon(Native *native) {
  while (native->sockets) closeOpen(native->sockets);
  wasmAbandon(native);
}
