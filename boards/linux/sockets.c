// TCP by POSIX sockets that never block, and a sleep until one of them is ready.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "board.h"

enum { MAX_SOCKETS = 64 };

struct BoardSocket {
  int file;                    // -1 where nothing is open
  struct addrinfo *all, *next; // addresses still to try, while TCP is being opened
  int open;
  short awaited;               // what poll() waits for
  char error[160];
};

static BoardSocket *sockets[MAX_SOCKETS];
static uint64_t slept;

const char *boardNetwork(void) { return NULL; }

void boardPoll(void) {}

static int failed(BoardSocket *socket, const char *what, const char *why) {
  snprintf(socket->error, sizeof socket->error, "%s: %s", what, why);
  return BOARD_FAILED;
}

// Begins with the next address; gives up where there is none left.
static int tryNext(BoardSocket *it, const char *why) {
  for (; it->next; why = strerror(errno)) {
    struct addrinfo *to = it->next;
    it->next = to->ai_next;
    if (it->file >= 0) close(it->file);
    it->file = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (it->file < 0) continue;
    int on = 1;
    setsockopt(it->file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(it->file, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS) {
      it->awaited = POLLOUT;
      return 0;
    }
  }
  it->awaited = 0;
  return failed(it, "can't connect", why);
}

BoardSocket *boardConnect(const char *host, uint16_t port) {
  int place = 0;
  while (place < MAX_SOCKETS && sockets[place]) place++;
  BoardSocket *it = place < MAX_SOCKETS ? calloc(1, sizeof *it) : NULL;
  if (!it) return NULL;
  sockets[place] = it;
  it->file = -1;
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
  int wrong = getaddrinfo(host, service, &hints, &it->all);
  if (wrong) {
    it->all = NULL;
    failed(it, host, gai_strerror(wrong));
    return it;
  }
  it->next = it->all;
  tryNext(it, "no address");
  return it;
}

int boardConnected(BoardSocket *it) {
  if (it->open) return 1;
  if (it->error[0]) return BOARD_FAILED;
  struct pollfd ready = {it->file, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 0) return 0;
  int wrong = 0;
  socklen_t length = sizeof wrong;
  getsockopt(it->file, SOL_SOCKET, SO_ERROR, &wrong, &length);
  if (wrong) return tryNext(it, strerror(wrong));
  it->open = 1;
  it->awaited = 0;
  return 1;
}

long boardReceive(BoardSocket *it, uint8_t *out, size_t room) {
  if (!it->open) return it->error[0] ? BOARD_FAILED : 0;
  ssize_t length = recv(it->file, out, room, 0);
  it->awaited &= ~POLLIN;
  if (length > 0) return length;
  if (length == 0) return BOARD_END;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return failed(it, "the connection broke", strerror(errno));
  it->awaited |= POLLIN;
  return 0;
}

long boardSend(BoardSocket *it, const uint8_t *bytes, size_t length) {
  if (!it->open) return it->error[0] ? BOARD_FAILED : 0;
  ssize_t taken = send(it->file, bytes, length, MSG_NOSIGNAL);
  it->awaited &= ~POLLOUT;
  if (taken < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return failed(it, "the connection broke", strerror(errno));
  if (taken < 0) taken = 0;
  if ((size_t)taken < length) it->awaited |= POLLOUT;
  return taken;
}

const char *boardSocketError(BoardSocket *it) { return it->error; }

void boardClose(BoardSocket *it) {
  for (int i = 0; i < MAX_SOCKETS; i++)
    if (sockets[i] == it) sockets[i] = NULL;
  if (it->file >= 0) close(it->file);
  if (it->all) freeaddrinfo(it->all);
  free(it);
}

void boardWait(uint32_t milliseconds) {
  struct pollfd waiting[MAX_SOCKETS];
  int count = 0;
  for (int i = 0; i < MAX_SOCKETS; i++) {
    if (!sockets[i] || !sockets[i]->awaited || sockets[i]->error[0]) continue;
    waiting[count++] = (struct pollfd){sockets[i]->file, sockets[i]->awaited, 0};
  }
  uint64_t before = boardNanoseconds();
  poll(waiting, count, milliseconds > 60000 ? 60000 : (int)milliseconds);
  slept += boardNanoseconds() - before;
}

uint64_t boardSlept(void) { return slept; }
