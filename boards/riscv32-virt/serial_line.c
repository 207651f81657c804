// SLIP (RFC 1055) on the UART as lwIP's interface: lwIP's own framing over a 16550, polled. Addresses, interrupt lines and
// clocks as in QEMU's hw/riscv/virt.c; its PLIC and CLINT are SiFive's.
#include <stdint.h>
#include "lwip/dns.h"
#include "lwip/sio.h"
#include "netif/slipif.h"
#include "network.h"

__asm__(".option arch, +zicsr");

static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;
enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, LINE_CONTROL = 3, MODEM_CONTROL = 4, LINE_STATUS = 5 };
enum { RECEIVED = 1, SENDABLE = 1 << 5, FIFO_DEPTH = 16 };

typedef volatile uint32_t Register;
static Register *const priority = (Register *)0x0c000000, *const enable = (Register *)0x0c002000,
                *const claim = (Register *)0x0c200004;
static Register *const mtimecmp = (Register *)0x02004000, *const mtime = (Register *)0x0200bff8;
enum { UART_LINE = 10, TICKS_PER_MILLISECOND = 10000, LONGEST = 60000 };
enum { MTIE = 1 << 7, MEIE = 1 << 11 };

sio_fd_t sio_open(u8_t number) {
  (void)number;
  // 115,200 bit/s: 3.6864 MHz in sixteenths, divided by 2. Eight bits, no parity.
  uart[LINE_CONTROL] = 0x80;
  uart[DATA] = 2;
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
  while (length < room && uart[LINE_STATUS] & RECEIVED) out[length++] = uart[DATA];
  return length;
}

u32_t sio_read(sio_fd_t line, u8_t *out, u32_t room) { return sio_tryread(line, out, room); }

void networkPoll(struct netif *netif) { slipif_poll(netif); }

void networkSleep(uint32_t milliseconds) {
  // The PLIC holds an interrupt until it is claimed and completed. What comes after this makes it pending again.
  *claim = *claim;
  if (milliseconds == 0 || uart[LINE_STATUS] & RECEIVED) return;
  uint32_t high, low;
  do {
    high = mtime[1];
    low = mtime[0];
  } while (high != mtime[1]);
  uint64_t ticks = (uint64_t)(milliseconds < LONGEST ? milliseconds : LONGEST) * TICKS_PER_MILLISECOND;
  uint64_t until = ((uint64_t)high << 32 | low) + ticks;
  // The upper half first to its largest: in between nothing must seem to be due.
  mtimecmp[1] = UINT32_MAX;
  mtimecmp[0] = until;
  mtimecmp[1] = until >> 32;
  // Interrupts are pending at the most, never taken (mstatus.MIE is clear): this wakes for either.
  __asm__ volatile("wfi" ::: "memory");
}

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

  priority[UART_LINE] = 1;
  *enable = 1 << UART_LINE;
  __asm__ volatile("csrw mie, %0" ::"r"(MTIE | MEIE));
  return ERR_OK;
}
