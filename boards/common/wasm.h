// wasm programs for the JavaScript engine of a board.
#ifndef DEPUTY_WASM_H
#define DEPUTY_WASM_H

#include "native.h"

/** Makes the class of loaded programs known. Returns 0, or -1 without memory. */
int wasmInit(JSContext *context);

/** load(wasm: Uint8Array, stackBytes, maxPages): the function that host/engine/wasm3.ts wants of an addon. */
JSValue wasmLoad(JSContext *context, JSValueConst self, int count, JSValueConst *arguments);

/** Wipes and frees all programs of an engine that runs no more. */
void wasmAbandon(Native *native);

/** The bytes of a Uint8Array; NULL, with a pending TypeError, for anything else. */
uint8_t *bytesOf(JSContext *context, JSValueConst value, size_t *length);

/** Frees what malloc gave, for bytesOver. */
void freeMalloced(JSRuntime *runtime, void *opaque, void *bytes);

/** A Uint8Array over `bytes`, which `release` (or nobody, where it is NULL) frees. */
JSValue bytesOver(JSContext *context, uint8_t *bytes, size_t length, JSFreeArrayBufferDataFunc *release, void *opaque);

#endif
