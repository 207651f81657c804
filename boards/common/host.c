// The main loop: JavaScript runs until it waits, then the board sleeps until a socket or a timer has something to say.
#include "host.h"
#include <stdint.h>
#include <string.h>
#include "board.h"
#include "machine.h"
#include "memory.h"

enum { STATUS_FAILED = 1 };

static void say(const char *text) { boardWrite(1, text, strlen(text)); }

static int loop(Machine *machine) {
  for (;;) {
    int32_t wait = 0;
    Turn turn = machineTurn(machine, &wait);
    if (turn == TURN_EXIT) return machine->native.status;
    if (turn == TURN_FAILED) {
      machineComplain(machine);
      return STATUS_FAILED;
    }
    if (wait < 0) {
      // Never to happen: the client always waits for a socket or a time. Better said than slept through.
      say("deputy: the client waits for nothing; please report this\n");
      return STATUS_FAILED;
    }
    boardWait(wait);
  }
}

int hostRun(int count, char **arguments) {
  Machine machine;
  const char *wrong = boardNetwork();
  if (wrong) {
    say("deputy: no network: ");
    say(wrong);
    say("\n");
    return STATUS_FAILED;
  }
  int status = STATUS_FAILED;
  if (machineOpen(&machine, newRuntime(), count, arguments) || machineStart(&machine)) machineComplain(&machine);
  else status = loop(&machine);
  machineClose(&machine);
  return status;
}
