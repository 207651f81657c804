// The command line of the operating system is the client's own.
#include <signal.h>
#include "host.h"

int main(int count, char **arguments) {
  // A peer that is gone shows as an error of the write.
  signal(SIGPIPE, SIG_IGN);
  return hostRun(count - 1, arguments + 1);
}
