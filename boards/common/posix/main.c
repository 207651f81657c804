// The command line of the operating system is the client's own.
#include "host.h"

int main(int count, char **arguments) { return hostRun(count - 1, arguments + 1); }
