// libslirp's user-mode network: the board is 10.0.2.15 there, this machine's loopback 10.0.2.2, its name server 10.0.2.3.
#include <arpa/inet.h>
#include <poll.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "gateway.h"
#include "impairment.h"

enum { HEADER = 14, ARP = 28, MAX_POLLS = 256, MAX_TIMERS = 8 };

// libslirp speaks Ethernet. These are the addresses of its own side and of a board on a serial line, which has none.
static const uint8_t HOST[6] = {0x52, 0x55, 10, 0, 2, 2}, BOARD[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
static const uint8_t BOARD_IP[4] = {10, 0, 2, 15};

static Slirp *slirp;
static LineKind kind;
static void (*toBoard)(const uint8_t *packet, size_t length);
static struct pollfd polls[MAX_POLLS];
static int pollCount;

typedef struct {
  SlirpTimerCb run;
  void *argument;
  int64_t due;  // milliseconds, 0 for never
  int used;
} Timer;
static Timer timers[MAX_TIMERS];

static int64_t nanoseconds(void *opaque) {
  struct timespec time;
  (void)opaque;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int64_t milliseconds(void) { return nanoseconds(NULL) / 1000000; }

// ARP for IPv4 over Ethernet (RFC 826): operation 1 asks, 2 answers.
static void sendArp(int operation, const uint8_t targetAddress[6], const uint8_t targetIp[4]) {
  static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 0};
  uint8_t frame[HEADER + ARP];
  memcpy(frame, targetAddress, 6);
  memcpy(frame + 6, BOARD, 6);
  frame[12] = 8, frame[13] = 6;
  uint8_t *arp = frame + HEADER;
  memcpy(arp, head, 8);
  arp[7] = operation;
  memcpy(arp + 8, BOARD, 6);
  memcpy(arp + 14, BOARD_IP, 4);
  memcpy(arp + 18, targetAddress, 6);
  memcpy(arp + 24, targetIp, 4);
  slirp_input(slirp, frame, sizeof frame);
}

static ssize_t fromNetwork(const void *bytes, size_t length, void *opaque) {
  const uint8_t *frame = bytes, *arp = frame + HEADER;
  (void)opaque;
  if (kind == ETHERNET) {
    toBoard(frame, length);
    return length;
  }
  if (length < HEADER || frame[12] != 8) return length;
  if (frame[13] == 0) toBoard(frame + HEADER, length - HEADER);
  if (frame[13] == 6 && length >= HEADER + ARP && arp[7] == 1 && memcmp(arp + 24, BOARD_IP, 4) == 0)
    sendArp(2, arp + 8, arp + 14);
  return length;
}

void networkInput(const uint8_t *packet, size_t length) {
  uint8_t frame[HEADER + MAX_PACKET];
  if (kind == ETHERNET) {
    slirp_input(slirp, packet, length);
    return;
  }
  memcpy(frame, HOST, 6);
  memcpy(frame + 6, BOARD, 6);
  frame[12] = 8, frame[13] = 0;
  memcpy(frame + HEADER, packet, length);
  slirp_input(slirp, frame, HEADER + length);
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

int networkServe(int file, uint32_t wait) {
  pollCount = 0;
  addPoll(file, SLIRP_POLL_IN, NULL);
  slirp_pollfds_fill(slirp, &wait, addPoll, NULL);
  int count = poll(polls, pollCount, wait);
  slirp_pollfds_poll(slirp, count < 0, polled, NULL);
  for (int i = 0; i < MAX_TIMERS; i++) {
    if (!timers[i].used || timers[i].due == 0 || timers[i].due > milliseconds()) continue;
    timers[i].due = 0;
    timers[i].run(timers[i].argument);
  }
  return count > 0 && polls[0].revents;
}

int networkStart(LineKind carried, void (*deliver)(const uint8_t *, size_t)) {
  static const SlirpCb callbacks = {
      .send_packet = fromNetwork,
      .guest_error = onError,
      .clock_get_ns = nanoseconds,
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
  static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
  kind = carried;
  toBoard = deliver;
  slirp = slirp_new(&config, &callbacks, NULL);
  if (!slirp) return -1;
  if (kind == SLIP) sendArp(1, everybody, BOARD_IP);
  return 0;
}
