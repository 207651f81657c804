// The other end of an emulated board's network, on the machine that emulates it: a line to the board on one side,
// libslirp's user-mode network on the other, and between the two as bad a network as is asked for.
//
//   gateway slip|ethernet LOSS DELAY CUT SEED EMULATOR ARGUMENT…
//
// starts the emulator with the line as file descriptor 3, and ends with its status. LOSS to SEED: see impairment.h.
#define _GNU_SOURCE
#include "gateway.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "impairment.h"

enum { LINE = 3, FIRST = 6, LONGEST_WAIT = 1000 };

static Impairment impairment;

static void fail(const char *what) {
  fprintf(stderr, "gateway: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Starts the emulator and gives our end of the line.
static int start(char **command, pid_t *child) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) fail("socketpair");
  pid_t parent = getpid();
  *child = fork();
  if (*child < 0) fail("fork");
  if (*child == 0) {
    // Anyone who kills the gateway ends the emulator with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (ends[0] != LINE) close(ends[0]);
    if (ends[1] != LINE && dup2(ends[1], LINE) < 0) fail("dup2");
    if (ends[1] != LINE) close(ends[1]);
    execvp(command[0], command);
    fail(command[0]);
  }
  close(ends[1]);
  return ends[0];
}

static void toBoard(const uint8_t *packet, size_t length) { impaired(&impairment, lineSend, packet, length); }
static void fromBoard(const uint8_t *packet, size_t length) { impaired(&impairment, networkInput, packet, length); }

// One turn: waits for bytes of either side, and moves them. False when the emulator has let go of the line.
static int serve(int line) {
  uint8_t bytes[4096];
  if (!networkServe(line, impairedDue(LONGEST_WAIT))) return 1;
  ssize_t length = recv(line, bytes, sizeof bytes, MSG_DONTWAIT);
  if (length < 0) return errno == EAGAIN || errno == EINTR;
  lineReceived(bytes, length, fromBoard);
  return length > 0;
}

int main(int count, char **arguments) {
  if (count <= FIRST) {
    fprintf(stderr, "Usage: gateway slip|ethernet LOSS DELAY CUT SEED EMULATOR ARGUMENT…\n");
    return 2;
  }
  LineKind kind = strcmp(arguments[1], "slip") == 0 ? SLIP : ETHERNET;
  impairment = (Impairment){
      .loss = strtoul(arguments[2], NULL, 10),
      .delay = strtoul(arguments[3], NULL, 10),
      .cut = strtoul(arguments[4], NULL, 10),
      .seed = strtoul(arguments[5], NULL, 10),
  };
  pid_t emulator;
  int line = start(arguments + FIRST, &emulator), status;
  lineOpen(line, kind);
  if (networkStart(kind, toBoard)) {
    fprintf(stderr, "gateway: libslirp can't be started\n");
    return 1;
  }
  while (serve(line)) continue;
  if (waitpid(emulator, &status, 0) < 0) fail("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
