// TCP by the sockets of POSIX.1-2001, which never block, and a sleep until one of them is ready. select, for poll is not in every
// profile.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include "board.h"

enum { MAX_SOCKETS = 64, LONGEST_WAIT = 60000 };

struct BoardSocket {
  int file;                    // -1 where nothing is open
  struct addrinfo *all, *next; // addresses still to try, while TCP is being opened
  int open;
  int reads, writes;           // what boardWait waits for
  char error[160];
};

static BoardSocket *sockets[MAX_SOCKETS];
static uint64_t slept;

// A peer that is gone shows as an error of the write.
const char *boardNetwork(void) {
  signal(SIGPIPE, SIG_IGN);
  return NULL;
}

void boardPoll(void) {}

static int failed(BoardSocket *socket, const char *what, const char *why) {
  snprintf(socket->error, sizeof socket->error, "%s: %s", what, why);
  return BOARD_FAILED;
}

// A socket that never blocks, and that select can wait for; -1 where there is none.
static int opened(int family) {
  int file = socket(family, SOCK_STREAM, 0);
  if (file < 0) return -1;
  if (file < FD_SETSIZE && fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) == 0) {
    fcntl(file, F_SETFD, FD_CLOEXEC);
    return file;
  }
  close(file);
  return -1;
}

// Begins with the next address; gives up where there is none left.
static int tryNext(BoardSocket *it, const char *why) {
  for (; it->next; why = strerror(errno)) {
    struct addrinfo *to = it->next;
    it->next = to->ai_next;
    if (it->file >= 0) close(it->file);
    it->file = opened(to->ai_family);
    if (it->file < 0) continue;
    int on = 1;
    setsockopt(it->file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(it->file, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS) {
      it->writes = 1;
      return 0;
    }
  }
  it->writes = 0;
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
  fd_set ready;
  FD_ZERO(&ready);
  FD_SET(it->file, &ready);
  if (select(it->file + 1, NULL, &ready, NULL, &(struct timeval){0, 0}) == 0) return 0;
  int wrong = 0;
  socklen_t length = sizeof wrong;
  getsockopt(it->file, SOL_SOCKET, SO_ERROR, &wrong, &length);
  if (wrong) return tryNext(it, strerror(wrong));
  it->open = 1;
  it->writes = 0;
  return 1;
}

long boardReceive(BoardSocket *it, uint8_t *out, size_t room) {
  if (!it->open) return it->error[0] ? BOARD_FAILED : 0;
  ssize_t length = recv(it->file, out, room, 0);
  it->reads = 0;
  if (length > 0) return length;
  if (length == 0) return BOARD_END;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return failed(it, "the connection broke", strerror(errno));
  it->reads = 1;
  return 0;
}

long boardSend(BoardSocket *it, const uint8_t *bytes, size_t length) {
  if (!it->open) return it->error[0] ? BOARD_FAILED : 0;
  ssize_t taken = send(it->file, bytes, length, 0);
  it->writes = 0;
  if (taken < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return failed(it, "the connection broke", strerror(errno));
  if (taken < 0) taken = 0;
  if ((size_t)taken < length) it->writes = 1;
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
  fd_set reads, writes;
  FD_ZERO(&reads);
  FD_ZERO(&writes);
  int last = -1;
  for (int i = 0; i < MAX_SOCKETS; i++) {
    BoardSocket *it = sockets[i];
    if (!it || it->error[0] || !(it->reads || it->writes)) continue;
    if (it->reads) FD_SET(it->file, &reads);
    if (it->writes) FD_SET(it->file, &writes);
    if (it->file > last) last = it->file;
  }
  if (milliseconds > LONGEST_WAIT) milliseconds = LONGEST_WAIT;
  struct timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
  uint64_t before = boardNanoseconds();
  select(last + 1, &reads, &writes, NULL, &patience);
  slept += boardNanoseconds() - before;
}

uint64_t boardSlept(void) { return slept; }
