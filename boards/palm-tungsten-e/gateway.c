// The other end of the board's serial line, on the machine that emulates it: SLIP (RFC 1055) on one side, libslirp's
// user-mode network on the other. There the board is 10.0.2.15, this machine's loopback 10.0.2.2, its name server 10.0.2.3.
//
//   gateway EMULATOR ARGUMENT…
//
// starts the emulator with the line as file descriptor 3, and ends with its status.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 3, MTU = 1500, ETHERNET = 14, ARP = 28, MAX_POLLS = 256, MAX_TIMERS = 8 };
enum { END = 0xc0, ESC = 0xdb, ESC_END = 0xdc, ESC_ESC = 0xdd };

// libslirp speaks Ethernet. These are the addresses of its own side and of the board, which has none.
static const uint8_t HOST[6] = {0x52, 0x55, 10, 0, 2, 2}, BOARD[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
static const uint8_t BOARD_IP[4] = {10, 0, 2, 15};

static Slirp *slirp;
static int line;
static struct pollfd polls[MAX_POLLS];
static int pollCount;

typedef struct {
  SlirpTimerCb run;
  void *argument;
  int64_t due;  // milliseconds, 0 for never
  int used;
} Timer;
static Timer timers[MAX_TIMERS];

static void fail(const char *what) {
  fprintf(stderr, "gateway: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int64_t now(void *opaque) {
  struct timespec time;
  (void)opaque;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void sendLine(const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(line, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // The emulator has ended; waitpid says so soon.
    if (sent <= 0) return;
    bytes += sent;
    length -= sent;
  }
}

static void sendPacket(const uint8_t *packet, size_t length) {
  uint8_t frame[2 * MTU + 2];
  size_t at = 0;
  if (length > MTU) return;
  frame[at++] = END;
  for (size_t i = 0; i < length; i++) {
    if (packet[i] == END || packet[i] == ESC) {
      frame[at++] = ESC;
      frame[at++] = packet[i] == END ? ESC_END : ESC_ESC;
    } else {
      frame[at++] = packet[i];
    }
  }
  frame[at++] = END;
  sendLine(frame, at);
}

// ARP for IPv4 over Ethernet (RFC 826): operation 1 asks, 2 answers.
static void sendArp(int operation, const uint8_t targetAddress[6], const uint8_t targetIp[4]) {
  static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 0};
  uint8_t frame[ETHERNET + ARP];
  memcpy(frame, targetAddress, 6);
  memcpy(frame + 6, BOARD, 6);
  frame[12] = 8, frame[13] = 6;
  uint8_t *arp = frame + ETHERNET;
  memcpy(arp, head, 8);
  arp[7] = operation;
  memcpy(arp + 8, BOARD, 6);
  memcpy(arp + 14, BOARD_IP, 4);
  memcpy(arp + 18, targetAddress, 6);
  memcpy(arp + 24, targetIp, 4);
  slirp_input(slirp, frame, sizeof frame);
}

static ssize_t fromNetwork(const void *bytes, size_t length, void *opaque) {
  const uint8_t *frame = bytes;
  (void)opaque;
  if (length < ETHERNET || frame[12] != 8) return length;
  if (frame[13] == 0) sendPacket(frame + ETHERNET, length - ETHERNET);
  const uint8_t *arp = frame + ETHERNET;
  if (frame[13] == 6 && length >= ETHERNET + ARP && arp[7] == 1 && memcmp(arp + 24, BOARD_IP, 4) == 0)
    sendArp(2, arp + 8, arp + 14);
  return length;
}

static void toNetwork(const uint8_t *packet, size_t length) {
  uint8_t frame[ETHERNET + MTU];
  memcpy(frame, HOST, 6);
  memcpy(frame + 6, BOARD, 6);
  frame[12] = 8, frame[13] = 0;
  memcpy(frame + ETHERNET, packet, length);
  slirp_input(slirp, frame, ETHERNET + length);
}

static void fromLine(uint8_t byte) {
  static uint8_t packet[MTU];
  static size_t length;
  static int escaped, tooLong;
  if (byte == END) {
    if (length > 0 && !tooLong) toNetwork(packet, length);
    length = 0;
    escaped = tooLong = 0;
    return;
  }
  if (byte == ESC) {
    escaped = 1;
    return;
  }
  if (escaped) byte = byte == ESC_END ? END : byte == ESC_ESC ? ESC : byte;
  escaped = 0;
  if (length < MTU) packet[length++] = byte;
  else tooLong = 1;
}

static void onError(const char *message, void *opaque) {
  (void)opaque;
  fprintf(stderr, "gateway: %s\n", message);
}

static void *newTimer(SlirpTimerCb run, void *argument, void *opaque) {
  (void)opaque;
  for (int i = 0; i < MAX_TIMERS; i++) {
    if (timers[i].used) continue;
    timers[i] = (Timer){run, argument, 0, 1};
    return &timers[i];
  }
  return NULL;
}

static void freeTimer(void *timer, void *opaque) {
  (void)opaque;
  if (timer) ((Timer *)timer)->used = 0;
}

static void setTimer(void *timer, int64_t due, void *opaque) {
  (void)opaque;
  if (timer) ((Timer *)timer)->due = due;
}

static void ignoreFd(int fd, void *opaque) { (void)fd, (void)opaque; }
static void ignore(void *opaque) { (void)opaque; }

static int addPoll(int fd, int events, void *opaque) {
  (void)opaque;
  if (pollCount == MAX_POLLS) return -1;
  short wanted = 0;
  if (events & SLIRP_POLL_IN) wanted |= POLLIN;
  if (events & SLIRP_POLL_OUT) wanted |= POLLOUT;
  if (events & SLIRP_POLL_PRI) wanted |= POLLPRI;
  polls[pollCount] = (struct pollfd){fd, wanted, 0};
  return pollCount++;
}

static int polled(int index, void *opaque) {
  (void)opaque;
  if (index < 0) return 0;
  short came = polls[index].revents;
  return (came & POLLIN ? SLIRP_POLL_IN : 0) | (came & POLLOUT ? SLIRP_POLL_OUT : 0) |
         (came & POLLPRI ? SLIRP_POLL_PRI : 0) | (came & POLLERR ? SLIRP_POLL_ERR : 0) |
         (came & POLLHUP ? SLIRP_POLL_HUP : 0);
}

// One turn: waits for bytes of either side, and moves them. False when the emulator has let go of the line.
static int serve(void) {
  uint32_t milliseconds = 1000;
  pollCount = 0;
  addPoll(line, SLIRP_POLL_IN, NULL);
  slirp_pollfds_fill(slirp, &milliseconds, addPoll, NULL);
  int count = poll(polls, pollCount, milliseconds);
  slirp_pollfds_poll(slirp, count < 0, polled, NULL);
  for (int i = 0; i < MAX_TIMERS; i++) {
    if (!timers[i].used || timers[i].due == 0 || timers[i].due > now(NULL) / 1000000) continue;
    timers[i].due = 0;
    timers[i].run(timers[i].argument);
  }
  if (count <= 0 || !polls[0].revents) return 1;
  uint8_t bytes[4096];
  ssize_t length = recv(line, bytes, sizeof bytes, MSG_DONTWAIT);
  if (length < 0) return errno == EAGAIN || errno == EINTR;
  for (ssize_t i = 0; i < length; i++) fromLine(bytes[i]);
  return length > 0;
}

static pid_t start(char **command) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) fail("socketpair");
  pid_t parent = getpid(), child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    // Whoever kills the gateway ends the emulator with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (ends[0] != LINE) close(ends[0]);
    if (ends[1] != LINE && dup2(ends[1], LINE) < 0) fail("dup2");
    if (ends[1] != LINE) close(ends[1]);
    execvp(command[0], command);
    fail(command[0]);
  }
  close(ends[1]);
  line = ends[0];
  return child;
}

int main(int count, char **arguments) {
  static const SlirpCb callbacks = {
      .send_packet = fromNetwork,
      .guest_error = onError,
      .clock_get_ns = now,
      .timer_new = newTimer,
      .timer_free = freeTimer,
      .timer_mod = setTimer,
      .register_poll_fd = ignoreFd,
      .unregister_poll_fd = ignoreFd,
      .notify = ignore,
  };
  const SlirpConfig config = {
      .version = 1,
      .in_enabled = true,
      .vnetwork.s_addr = htonl(0x0a000200),
      .vnetmask.s_addr = htonl(0xffffff00),
      .vhost.s_addr = htonl(0x0a000202),
      .vdhcp_start.s_addr = htonl(0x0a00020f),
      .vnameserver.s_addr = htonl(0x0a000203),
  };
  if (count < 2) {
    fprintf(stderr, "Usage: gateway EMULATOR ARGUMENT…\n");
    return 2;
  }
  pid_t emulator = start(arguments + 1);
  slirp = slirp_new(&config, &callbacks, NULL);
  if (!slirp) {
    fprintf(stderr, "gateway: libslirp can't be started\n");
    return 1;
  }
  static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
  sendArp(1, everybody, BOARD_IP);
  while (serve()) continue;
  int status;
  if (waitpid(emulator, &status, 0) < 0) fail("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
