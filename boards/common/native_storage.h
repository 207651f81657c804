// The object `board.storage`, described in native.ts, for boards that have storage of their own.
#ifndef DEPUTY_NATIVE_STORAGE_H
#define DEPUTY_NATIVE_STORAGE_H

#include "quickjs.h"

/** Makes the object. Not there on boards without storage. */
JSValue newStorage(JSContext *context) __attribute__((weak));

#endif
