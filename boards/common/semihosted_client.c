// The client's start where semihosting hands in its arguments, the time and a seed.
#include "board.h"
#include "host.h"
#include "semihosted.h"

extern char stackSize[];

// What is left is for the interpreters' own C code between two checks.
size_t boardStackSize(void) { return (size_t)stackSize * 3 / 4; }

int main(void) {
  static const char text[] = "deputy: the command line names no readable file for this start\n";
  char **arguments;
  int count = semihostedStart(&arguments);
  if (count < 0) {
    boardWrite(1, text, sizeof text - 1);
    return 1;
  }
  return hostRun(count, arguments);
}
