// What a board gives to the client's JavaScript: the global object `board`, described in native.ts.
#ifndef DEPUTY_NATIVE_H
#define DEPUTY_NATIVE_H

#include "quickjs.h"

typedef struct {
  /** Called each turn of the main loop; gives how many milliseconds the next may be away. */
  JSValue turn;
  int exiting, status;
} Native;

/** Makes the global `board`. `arguments` are the program's, without its name. Returns 0, or -1 with an exception. */
int nativeInit(JSContext *context, Native *native, int count, char **arguments);

#endif
