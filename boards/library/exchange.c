// Exchanges: kept for the script until the next poll, and the handler's functions as the script calls them.
#include <stdlib.h>
#include <string.h>
#include "instance.h"
#include "wasm.h"

static char *copyText(const char *text) {
  if (!text) return NULL;
  size_t size = strlen(text) + 1;
  char *copy = malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}

static void freeWish(DeputyExchange *it) {
  for (size_t i = 0; i < it->headerCount; i++) {
    free((char *)it->headers[i].name);
    free((char *)it->headers[i].value);
  }
  free(it->headers), free(it->body);
  free(it->method), free(it->url), free(it->host), free(it->alpn), free(it->startTls);
  it->headers = NULL, it->headerCount = 0, it->body = NULL;
  it->method = it->url = it->host = it->alpn = it->startTls = NULL;
}

static void freeExchange(DeputyExchange *it) {
  freeWish(it);
  free(it);
}

// At the end of the list: what was asked for first begins first.
static DeputyExchange *added(Deputy *deputy, DeputyExchange *it) {
  DeputyExchange **place = &deputy->exchanges;
  while (*place) place = &(*place)->next;
  it->deputy = deputy;
  it->id = ++deputy->lastId;
  return *place = it;
}

static int isOpen(const Deputy *deputy) { return deputy->status == DEPUTY_OK && !deputy->isEnding; }

DeputyExchange *deputyFetch(Deputy *deputy, const DeputyRequest *request) {
  DeputyExchange *it = isOpen(deputy) && request->url ? calloc(1, sizeof *it) : NULL;
  if (!it) return NULL;
  it->handler = request->handler;
  it->method = copyText(request->method ? request->method : "GET");
  it->url = copyText(request->url);
  int whole = it->method && it->url;
  if (request->headerCount) {
    it->headers = calloc(request->headerCount, sizeof *it->headers);
    it->headerCount = it->headers ? request->headerCount : 0;
    whole = whole && it->headers;
  }
  for (size_t i = 0; whole && i < it->headerCount; i++) {
    it->headers[i] = (DeputyHeader){copyText(request->headers[i].name), copyText(request->headers[i].value)};
    whole = it->headers[i].name && it->headers[i].value;
  }
  if (whole && request->body) {
    it->body = malloc(request->bodyLength + 1);
    it->bodyLength = request->bodyLength;
    if (it->body) memcpy(it->body, request->body, request->bodyLength);
    whole = it->body != NULL;
  }
  if (whole) return added(deputy, it);
  freeExchange(it);
  return NULL;
}

DeputyExchange *deputyStream(Deputy *deputy, const DeputyStreamRequest *request) {
  DeputyExchange *it = isOpen(deputy) && request->host ? calloc(1, sizeof *it) : NULL;
  if (!it) return NULL;
  it->isStream = 1;
  it->handler = request->handler;
  it->port = request->port;
  it->host = copyText(request->host);
  it->alpn = copyText(request->alpn ? request->alpn : "");
  it->startTls = copyText(request->startTls ? request->startTls : "");
  if (it->host && it->alpn && it->startTls) return added(deputy, it);
  freeExchange(it);
  return NULL;
}

void deputyCancel(DeputyExchange *exchange) { exchange->cancelled = 1; }

static void tellEnd(DeputyExchange *it, DeputyStatus status, const char *code, const char *message) {
  if (it->over) return;
  it->over = 1;
  if (it->handler.end) it->handler.end(it->handler.context, status, code, message);
}

JSValue listOf(JSContext *context, const char *text) {
  JSValue list = JS_NewArray(context);
  for (uint32_t at = 0; text && *text; at++) {
    size_t length = strcspn(text, ",");
    JS_SetPropertyUint32(context, list, at, JS_NewStringLen(context, text, length));
    text += length + (text[length] == ',');
  }
  return list;
}

void setText(JSContext *context, JSValueConst object, const char *name, const char *text) {
  if (text) JS_SetPropertyStr(context, object, name, JS_NewString(context, text));
}

static JSValue bytesCopied(JSContext *context, const uint8_t *bytes, size_t length) {
  JSValue buffer = JS_NewArrayBufferCopy(context, bytes, length);
  JSValueConst arguments[3] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue view = JS_NewTypedArray(context, 3, arguments, JS_TYPED_ARRAY_UINT8);
  JS_FreeValue(context, buffer);
  return view;
}

static JSValue wishOf(JSContext *context, DeputyExchange *it) {
  JSValue wish = JS_NewObject(context);
  if (it->isStream) {
    setText(context, wish, "host", it->host);
    setText(context, wish, "startTls", it->startTls);
    JS_SetPropertyStr(context, wish, "port", JS_NewInt32(context, it->port));
    JS_SetPropertyStr(context, wish, "alpn", listOf(context, it->alpn));
    return wish;
  }
  setText(context, wish, "method", it->method);
  setText(context, wish, "url", it->url);
  JSValue headers = JS_NewArray(context);
  for (uint32_t i = 0; i < it->headerCount; i++) {
    JS_SetPropertyUint32(context, headers, 2 * i, JS_NewString(context, it->headers[i].name));
    JS_SetPropertyUint32(context, headers, 2 * i + 1, JS_NewString(context, it->headers[i].value));
  }
  JS_SetPropertyStr(context, wish, "headers", headers);
  if (it->body) {
    JS_SetPropertyStr(context, wish, "body", bytesCopied(context, it->body, it->bodyLength));
  }
  JS_SetPropertyStr(context, wish, "isGiven", JS_NewBool(context, !it->body && it->handler.give));
  return wish;
}

// Calls a function of the script: with the exchange's id, and with `wish`, which it takes over.
static int call(Deputy *deputy, const char *name, DeputyExchange *it, JSValue wish) {
  JSContext *context = deputy->machine.context;
  JSAtom atom = JS_NewAtom(context, name);
  JSValue arguments[2] = {JS_NewInt32(context, it->id), wish};
  JSValue result = JS_Invoke(context, deputy->calls, atom, 2, arguments);
  JS_FreeAtom(context, atom);
  JS_FreeValue(context, wish);
  int wrong = JS_IsException(result);
  JS_FreeValue(context, result);
  return wrong ? -1 : 0;
}

int exchangesBegin(Deputy *deputy) {
  for (DeputyExchange *it = deputy->exchanges; it; it = it->next) {
    if (it->over) continue;
    if (!it->begun && it->cancelled) {
      tellEnd(it, DEPUTY_CANCELLED, "CANCELLED", deputyStatusText(DEPUTY_CANCELLED));
      continue;
    }
    if (!it->begun) {
      it->begun = 1;
      JSValue wish = wishOf(deputy->machine.context, it);
      freeWish(it);
      if (call(deputy, it->isStream ? "stream" : "fetch", it, wish)) return -1;
    }
    if (it->cancelled && !it->told) {
      it->told = 1;
      if (call(deputy, "cancel", it, JS_UNDEFINED)) return -1;
    }
  }
  return 0;
}

void exchangesSweep(Deputy *deputy) {
  for (DeputyExchange **place = &deputy->exchanges; *place;) {
    DeputyExchange *it = *place;
    if (it->over) {
      *place = it->next;
      freeExchange(it);
    } else {
      place = &it->next;
    }
  }
}

void exchangesAbandon(Deputy *deputy, DeputyStatus status, const char *code) {
  for (DeputyExchange *it = deputy->exchanges; it; it = it->next) tellEnd(it, status, code, deputyStatusText(status));
  exchangesSweep(deputy);
}

// --- What the script calls. One whose end was told, or that was never there, gives undefined.

static DeputyExchange *exchangeOf(JSContext *context, int count, JSValueConst *arguments) {
  Native *native = JS_GetContextOpaque(context);
  Deputy *deputy = native->owner;
  int32_t id;
  if (count < 1 || JS_ToInt32(context, &id, arguments[0])) return NULL;
  for (DeputyExchange *it = deputy->exchanges; it; it = it->next)
    if (it->id == (uint32_t)id) return it->over ? NULL : it;
  return NULL;
}

static JSValue head(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  DeputyExchange *it = exchangeOf(context, count, arguments);
  int32_t status;
  uint32_t length;
  if (!it || !it->handler.head || count < 3 || JS_ToInt32(context, &status, arguments[1])) return JS_UNDEFINED;
  JSValue size = JS_GetPropertyStr(context, arguments[2], "length");
  if (JS_ToUint32(context, &length, size)) return JS_EXCEPTION;
  const char **texts = js_mallocz(context, (length + 1) * sizeof *texts);
  DeputyHeader *headers = js_mallocz(context, (length + 1) * sizeof *headers);
  for (uint32_t i = 0; i < length; i++) {
    JSValue text = JS_GetPropertyUint32(context, arguments[2], i);
    texts[i] = JS_ToCString(context, text);
    JS_FreeValue(context, text);
    if (i % 2) headers[i / 2] = (DeputyHeader){texts[i - 1], texts[i]};
  }
  it->handler.head(it->handler.context, status, headers, length / 2);
  for (uint32_t i = 0; i < length; i++) JS_FreeCString(context, texts[i]);
  js_free(context, texts);
  js_free(context, headers);
  return JS_UNDEFINED;
}

static JSValue take(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  DeputyExchange *it = exchangeOf(context, count, arguments);
  size_t length;
  uint8_t *bytes = count > 1 ? bytesOf(context, arguments[1], &length) : NULL;
  if (!bytes) return JS_EXCEPTION;
  if (!it || !it->handler.take) return JS_NewInt64(context, length);
  size_t taken = it->handler.take(it->handler.context, bytes, length);
  return JS_NewInt64(context, taken < length ? taken : length);
}

static JSValue give(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  DeputyExchange *it = exchangeOf(context, count, arguments);
  uint32_t room;
  if (!it || !it->handler.give || count < 2 || JS_ToUint32(context, &room, arguments[1])) return JS_NULL;
  uint8_t *bytes = js_malloc(context, room);
  long given = it->handler.give(it->handler.context, bytes, room);
  if (given > 0 && (size_t)given <= room) {
    JSValue copy = bytesCopied(context, bytes, given);
    js_free(context, bytes);
    return copy;
  }
  js_free(context, bytes);
  return given == DEPUTY_LATER ? JS_UNDEFINED : JS_NULL;
}

static JSValue end(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self;
  DeputyExchange *it = exchangeOf(context, count, arguments);
  int32_t status;
  if (!it || count < 4 || JS_ToInt32(context, &status, arguments[1])) return JS_UNDEFINED;
  const char *code = JS_ToCString(context, arguments[2]);
  const char *message = JS_ToCString(context, arguments[3]);
  tellEnd(it, status, code ? code : "", message ? message : "");
  JS_FreeCString(context, code);
  JS_FreeCString(context, message);
  return JS_UNDEFINED;
}

void exchangeFunctions(JSContext *context, JSValueConst library) {
  static const JSCFunctionListEntry functions[] = {
      JS_CFUNC_DEF("head", 3, head),
      JS_CFUNC_DEF("take", 2, take),
      JS_CFUNC_DEF("give", 2, give),
      JS_CFUNC_DEF("end", 4, end),
  };
  JS_SetPropertyFunctionList(context, library, functions, sizeof functions / sizeof *functions);
}
