// A loaded wasm program and who still refers to it.
//
// Lifetime: JavaScript functions (`functions`) and ArrayBuffers (`buffers`) each hold the instance. The program is freed
// by close() or when the last function is collected, the C structure itself when nothing refers to it any more.
#ifndef DEPUTY_NODE_INSTANCE_H
#define DEPUTY_NODE_INSTANCE_H

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>
#include "wasm3.h"

typedef struct {
  IM3Environment environment;
  IM3Runtime runtime;  // NULL once closed
  uint8_t *wasm;       // wasm3 reads function bodies from here until it has compiled them
  napi_ref buffer;     // the ArrayBuffer over `data`, NULL where none was asked for
  uint8_t *data;
  size_t length;
  int functions, buffers;
  int running;
} Instance;

/** Wipes and frees the program; the structure stays. */
void freeProgram(Instance *it);

/** Takes the linear memory away from JavaScript: from here on the old ArrayBuffer has length 0. */
void detach(napi_env env, Instance *it);

/** Looks where the linear memory is now; detaches the ArrayBuffer if it moved or changed its length. */
void refreshMemory(napi_env env, Instance *it);

/** Frees all once nothing refers to it. */
void freeWhenUnused(Instance *it);

/** A function over the instance was collected. */
void functionCollected(napi_env env, Instance *it);

/** An ArrayBuffer over the memory was collected; `hint` is the instance. */
void bufferCollected(napi_env env, void *data, void *hint);

#endif
