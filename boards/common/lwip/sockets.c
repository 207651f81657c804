// The port interface's TCP on lwIP's raw API.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/init.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "network.h"

enum { ADDRESS_PATIENCE = 10000 };

struct BoardSocket {
  struct tcp_pcb *pcb;    // NULL before there is an address, and once lwIP has freed it
  struct pbuf *received;  // not yet taken
  uint16_t port;
  uint8_t open, ended, resolving, orphan;
  uint8_t full;           // the sender waits for room
  const char *error;
};

static struct netif netif;
static uint64_t slept;
// Whether something came that a socket's owner waits for, since it could last look.
static int happened;

uint32_t sys_now(void) { return boardNanoseconds() / 1000000; }

// For ports and transaction numbers; nothing that must be secret rests on it.
unsigned int lwipRandom(void) {
  static uint32_t state = 1;
  state = state * 1664525 + 1013904223 + (uint32_t)boardNanoseconds();
  return state ^ state >> 16;
}

void lwipFault(void) {
  static const char text[] = "deputy: the network stack met a state that it should never reach\n";
  boardWrite(1, text, sizeof text - 1);
  abort();
}

static void move(void) {
  networkPoll(&netif);
  sys_check_timeouts();
}

void boardPoll(void) {
  move();
  happened = 0;
}

uint64_t boardSlept(void) { return slept; }

static void sleepFor(uint32_t milliseconds) {
  uint32_t timer = sys_timeouts_sleeptime();
  uint64_t before = boardNanoseconds();
  networkSleep(timer < milliseconds ? timer : milliseconds);
  slept += boardNanoseconds() - before;
}

// What only the stack cares for (acknowledgements, its timers, a part of a packet) is dealt with here: a turn of the client
// costs many times as much.
void boardWait(uint32_t milliseconds) {
  uint32_t start = sys_now(), passed = 0;
  for (; !happened && passed < milliseconds; passed = sys_now() - start) {
    sleepFor(milliseconds - passed);
    move();
  }
}

// Takes `ADDRESS MASK GATEWAY NAMESERVER`. Returns 0, or -1 where it is written wrongly.
static int takeAddress(const char *text) {
  enum { FIELDS = 4, FIELD = 16 };
  char fields[FIELDS][FIELD];
  ip4_addr_t addresses[FIELDS];
  if (sscanf(text, "%15s %15s %15s %15s", fields[0], fields[1], fields[2], fields[3]) != FIELDS) return -1;
  for (int i = 0; i < FIELDS; i++)
    if (!ip4addr_aton(fields[i], &addresses[i])) return -1;
  netif_set_addr(&netif, &addresses[0], &addresses[1], &addresses[2]);
  ip_addr_t names;
  ip_addr_copy_from_ip4(names, addresses[3]);
  dns_setserver(0, &names);
  return 0;
}

const char *boardNetwork(void) {
  lwip_init();
  if (!netif_add_noaddr(&netif, NULL, networkInit, netif_input)) return "no network interface answers";
  netif_set_default(&netif);
  netif_set_up(&netif);
  if (networkAddress() && takeAddress(networkAddress())) return "its address is not four addresses";
  // It was given, or the driver of a line that has no DHCP has set it.
  if (!ip4_addr_isany_val(*netif_ip4_addr(&netif))) return NULL;
  if (dhcp_start(&netif) != ERR_OK) return "DHCP could not be started";
  uint32_t start = sys_now();
  while (!dhcp_supplied_address(&netif)) {
    if (sys_now() - start > ADDRESS_PATIENCE) return "no address came by DHCP within 10 s";
    move();
    if (!dhcp_supplied_address(&netif)) sleepFor(100);
  }
  return NULL;
}

static const char *errorText(err_t error) {
  switch (error) {
    case ERR_MEM:
    case ERR_BUF: return "no memory for the connection";
    case ERR_TIMEOUT: return "no answer";
    case ERR_RTE: return "no route to the host";
    case ERR_RST: return "the peer reset the connection";
    case ERR_ABRT: return "the connection timed out";
    default: return "the connection broke";
  }
}

static void onError(void *argument, err_t error) {
  BoardSocket *it = argument;
  // lwIP has freed it already.
  it->pcb = NULL;
  happened = 1;
  it->error = error == ERR_RST && !it->open ? "connection refused" : errorText(error);
}

static err_t onConnected(void *argument, struct tcp_pcb *pcb, err_t error) {
  (void)pcb;
  BoardSocket *it = argument;
  if (error == ERR_OK) it->open = 1;
  happened = 1;
  return ERR_OK;
}

static err_t onReceived(void *argument, struct tcp_pcb *pcb, struct pbuf *packet, err_t error) {
  (void)pcb, (void)error;
  BoardSocket *it = argument;
  happened = 1;
  if (!packet) it->ended = 1;
  else if (it->received) pbuf_cat(it->received, packet);
  else it->received = packet;
  return ERR_OK;
}

static err_t onSent(void *argument, struct tcp_pcb *pcb, u16_t length) {
  (void)pcb, (void)length;
  BoardSocket *it = argument;
  if (it->full) happened = 1;
  return ERR_OK;
}

static void openTo(BoardSocket *it, const ip_addr_t *address) {
  it->pcb = tcp_new();
  if (!it->pcb) {
    it->error = errorText(ERR_MEM);
    return;
  }
  tcp_arg(it->pcb, it);
  tcp_err(it->pcb, onError);
  tcp_recv(it->pcb, onReceived);
  tcp_sent(it->pcb, onSent);
  tcp_nagle_disable(it->pcb);
  err_t error = tcp_connect(it->pcb, address, it->port, onConnected);
  if (error != ERR_OK) it->error = errorText(error);
}

static void onResolved(const char *name, const ip_addr_t *address, void *argument) {
  (void)name;
  BoardSocket *it = argument;
  it->resolving = 0;
  happened = 1;
  if (it->orphan) free(it);
  else if (address) openTo(it, address);
  else it->error = "no such host";
}

BoardSocket *boardConnect(const char *host, uint16_t port) {
  ip_addr_t address;
  BoardSocket *it = calloc(1, sizeof *it);
  if (!it) return NULL;
  it->port = port;
  err_t error = dns_gethostbyname(host, &address, onResolved, it);
  if (error == ERR_OK) openTo(it, &address);
  else if (error == ERR_INPROGRESS) it->resolving = 1;
  else it->error = "no such host";
  // What failed at once is to be seen at once.
  if (it->error) happened = 1;
  return it;
}

int boardConnected(BoardSocket *it) { return it->error ? BOARD_FAILED : it->open; }

long boardReceive(BoardSocket *it, uint8_t *out, size_t room) {
  if (it->received) {
    size_t length = it->received->tot_len < room ? it->received->tot_len : room;
    pbuf_copy_partial(it->received, out, length, 0);
    it->received = pbuf_free_header(it->received, length);
    if (it->pcb) tcp_recved(it->pcb, length);
    return length;
  }
  if (it->ended) return BOARD_END;
  return it->error ? BOARD_FAILED : 0;
}

long boardSend(BoardSocket *it, const uint8_t *bytes, size_t length) {
  if (it->error) return BOARD_FAILED;
  if (!it->open) return 0;
  size_t room = tcp_sndbuf(it->pcb) < length ? tcp_sndbuf(it->pcb) : length;
  // ERR_MEM: what is under way must be acknowledged first.
  if (room > 0 && tcp_write(it->pcb, bytes, room, TCP_WRITE_FLAG_COPY) != ERR_OK) room = 0;
  it->full = room < length;
  if (room > 0) tcp_output(it->pcb);
  return room;
}

const char *boardSocketError(BoardSocket *it) { return it->error ? it->error : ""; }

void boardClose(BoardSocket *it) {
  if (it->pcb) {
    // Bytes that nobody took would make lwIP reset the connection, and what we queued would be lost.
    if (it->received) tcp_recved(it->pcb, it->received->tot_len);
    tcp_arg(it->pcb, NULL);
    tcp_err(it->pcb, NULL);
    tcp_recv(it->pcb, NULL);
    tcp_sent(it->pcb, NULL);
    if (tcp_close(it->pcb) != ERR_OK) tcp_abort(it->pcb);
  }
  if (it->received) pbuf_free(it->received);
  it->received = NULL;
  it->pcb = NULL;
  if (it->resolving) it->orphan = 1;
  else free(it);
}
