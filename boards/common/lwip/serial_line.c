// SLIP (RFC 1055) over a 16550 as lwIP's interface: lwIP's own framing, polled.
#include "serial_line.h"
#include "lwip/dns.h"
#include "lwip/sio.h"
#include "netif/slipif.h"
#include "network.h"
#include "serial_port.h"

static volatile uint8_t *const uart = (volatile uint8_t *)SERIAL_REGISTERS;
enum {
  DATA = 0,
  INTERRUPTS = 1 * SERIAL_STRIDE,
  FIFO = 2 * SERIAL_STRIDE,
  LINE_CONTROL = 3 * SERIAL_STRIDE,
  MODEM_CONTROL = 4 * SERIAL_STRIDE,
  LINE_STATUS = 5 * SERIAL_STRIDE,
};
enum { RECEIVED = 1, SENDABLE = 1 << 5, FIFO_DEPTH = 16 };

sio_fd_t sio_open(u8_t number) {
  (void)number;
  uart[INTERRUPTS] = 0;
  // The divisor's latch, then eight bits, no parity.
  uart[LINE_CONTROL] = 0x80;
  uart[DATA] = SERIAL_DIVISOR;
  uart[INTERRUPTS] = 0;
  uart[LINE_CONTROL] = 3;
  // Both FIFOs on and emptied; an interrupt at fourteen bytes, or when fewer have waited for a while.
  uart[FIFO] = 0xc7;
  uart[MODEM_CONTROL] = 3;
  uart[INTERRUPTS] = RECEIVED;
  return (sio_fd_t)uart;
}

void sio_send(u8_t byte, sio_fd_t line) {
  (void)line;
  // An empty transmitter takes as many bytes as its FIFO holds.
  static int room;
  if (room == 0) {
    while (!(uart[LINE_STATUS] & SENDABLE)) continue;
    room = FIFO_DEPTH;
  }
  uart[DATA] = byte;
  room--;
}

u32_t sio_tryread(sio_fd_t line, u8_t *out, u32_t room) {
  (void)line;
  u32_t length = 0;
  while (length < room && serialHasBytes()) out[length++] = uart[DATA];
  return length;
}

u32_t sio_read(sio_fd_t line, u8_t *out, u32_t room) { return sio_tryread(line, out, room); }

void networkPoll(struct netif *netif) { slipif_poll(netif); }

bool serialHasBytes(void) { return uart[LINE_STATUS] & RECEIVED; }

err_t networkInit(struct netif *netif) {
  // The two ends of a line know their addresses: there is nobody to ask for them (RFC 1055).
  ip4_addr_t address, mask, gateway;
  ip_addr_t names;
  IP4_ADDR(&address, 10, 0, 2, 15);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&gateway, 10, 0, 2, 2);
  IP_ADDR4(&names, 10, 0, 2, 3);
  netif_set_addr(netif, &address, &mask, &gateway);
  dns_setserver(0, &names);
  err_t wrong = slipif_init(netif);
  if (wrong != ERR_OK) return wrong;
  netif->flags |= NETIF_FLAG_LINK_UP;
  serialWake();
  return ERR_OK;
}
