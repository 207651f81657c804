// What a board gives to the client's JavaScript: the global object `board`, described in native.ts.
#ifndef DEPUTY_NATIVE_H
#define DEPUTY_NATIVE_H

#include "quickjs.h"

typedef struct {
  /** Called each turn of the main loop; gives how many milliseconds the next may be away. */
  JSValue turn;
  int exiting, status;
  /** What is open beside the engine: sockets, and wasm programs (wasm.c). The runtime's opaque leads here. */
  struct OpenSocket *sockets;
  struct Instance *programs;
  /** Who runs the engine, where its own functions need it. */
  void *owner;
} Native;

/** Makes the global `board`. `arguments` are the program's, without its name. Returns 0, or -1 with an exception. */
int nativeInit(JSContext *context, Native *native, int count, char **arguments);

/** Closes sockets and wipes programs for an engine that can't do it any more. Nothing of it may run afterwards. */
void nativeAbandon(Native *native);

#endif
