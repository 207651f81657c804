// SLIP (RFC 1055) on the first UART as lwIP's interface: lwIP's own framing over a 16550, polled.
// (Registers of the OMAP310's timers and interrupt controllers as QEMU's hw/arm/omap1.c and hw/intc/omap_intc.c have them;
// those of the 16550 lie four bytes apart.)
#include <stdint.h>
#include "lwip/dns.h"
#include "lwip/sio.h"
#include "netif/slipif.h"
#include "network.h"

typedef volatile uint32_t Register;
static volatile uint8_t *const uart = (volatile uint8_t *)0xfffb0000;
enum { DATA = 0, INTERRUPTS = 4, FIFO = 8, LINE_CONTROL = 12, MODEM_CONTROL = 16, LINE_STATUS = 20 };
enum { RECEIVED = 1, SENDABLE = 1 << 5, FIFO_DEPTH = 16 };

// MPU timer 2, once: the first runs on and tells the time (start.c).
static Register *const timer = (Register *)0xfffec600;
enum { TIMER_CONTROL, TIMER_LOAD };
enum { TIMER_START = 1, TIMER_CLOCK = 32, TICKS_PER_MILLISECOND = 6000, LONGEST = 60000 };

// The second interrupt controller feeds the first one's line 0. Neither's interrupt is ever taken: it wakes the processor.
static Register *const first = (Register *)0xfffecb00, *const second = (Register *)0xfffe0000;
enum { PENDING, MASK, CONTROL = 0x18 / 4, LEVELS = 0x1c / 4 };
enum { SECOND_LINE = 0, TIMER2_LINE = 30, UART1_LINE = 14 };
enum { BY_LEVEL = 2, NEXT_INTERRUPT = 1 };

// The clock module's ARM_IDLECT1.
static volatile uint16_t *const idle = (volatile uint16_t *)0xfffece04;
enum { WAKE_BY_INTERRUPT = 1 << 10, SET_IDLE = 1 << 11 };

sio_fd_t sio_open(u8_t number) {
  (void)number;
  uart[INTERRUPTS] = 0;
  // 57,600 bit/s: 12 MHz in sixteenths, divided by 13. Eight bits, no parity.
  uart[LINE_CONTROL] = 0x80;
  uart[DATA] = 13;
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
  if (milliseconds == 0 || uart[LINE_STATUS] & RECEIVED) return;
  timer[TIMER_CONTROL] = TIMER_CLOCK;
  timer[TIMER_LOAD] = (milliseconds < LONGEST ? milliseconds : LONGEST) * TICKS_PER_MILLISECOND;
  timer[TIMER_CONTROL] = TIMER_CLOCK | TIMER_START;
  // Wait for interrupt, by the clock module (QEMU takes the coprocessor's instruction for one of its cache), then as ARM9
  // cores do. A byte that came meanwhile holds its line, so that neither waits.
  *idle |= WAKE_BY_INTERRUPT | SET_IDLE;
  __asm__ volatile("mcr p15, 0, %0, c7, c0, 4" ::"r"(0) : "memory");
  timer[TIMER_CONTROL] = TIMER_CLOCK;
  first[PENDING] = 0;
  second[CONTROL] = NEXT_INTERRUPT;
  first[CONTROL] = NEXT_INTERRUPT;
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

  first[LEVELS + SECOND_LINE] = BY_LEVEL;
  second[LEVELS + UART1_LINE] = BY_LEVEL;
  second[MASK] = ~(1u << UART1_LINE);
  first[MASK] = ~(1u << SECOND_LINE | 1u << TIMER2_LINE);
  return ERR_OK;
}
