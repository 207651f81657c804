// The object `board.screen`, described in screen.ts, for boards that have a screen.
#ifndef DEPUTY_NATIVE_SCREEN_H
#define DEPUTY_NATIVE_SCREEN_H

#include "quickjs.h"

/** Starts the screen and makes the object. Not there on boards without a screen. */
JSValue newScreen(JSContext *context) __attribute__((weak));

#endif
