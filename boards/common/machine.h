// The JavaScript engine with the client's script in it, which runs a turn at a time: what a firmware's main loop and the
// library (../library) both drive.
#ifndef DEPUTY_MACHINE_H
#define DEPUTY_MACHINE_H

#include "native.h"

typedef struct {
  JSRuntime *runtime;
  JSContext *context;
  Native native;
} Machine;

/** What a turn comes to. */
typedef enum { TURN_DONE, TURN_EXIT, TURN_FAILED } Turn;

/**
 * Takes the runtime over, and makes the global `board`; `arguments` are the program's, without its name. Returns 0, or -1
 * with an exception; machineClose is for both.
 */
int machineOpen(Machine *machine, JSRuntime *runtime, int count, char **arguments);

/** Runs the client's script for the first time. Returns 0, or -1 with an exception. */
int machineStart(Machine *machine);

/**
 * Runs what is due. `milliseconds` gets how long the next turn may be away, a negative number where the script waits for
 * nothing. TURN_EXIT: it has ended itself, with `native.status`; TURN_FAILED: with an exception.
 */
Turn machineTurn(Machine *machine, int32_t *milliseconds);

/** Prints what was thrown, with its trace. */
void machineComplain(Machine *machine);

/** Frees it all. */
void machineClose(Machine *machine);

#endif
