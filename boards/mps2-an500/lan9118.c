// The LAN9118 Ethernet controller (SMSC LAN9118 data sheet; register numbers in parentheses), polled, as lwIP's interface.
#include <stdint.h>
#include <string.h>
#include "lwip/etharp.h"
#include "lwip/pbuf.h"
#include "network.h"

typedef volatile uint32_t Register;
static Register *const lan = (Register *)0xa0000000;
enum {
  RX_DATA = 0x00 / 4,
  TX_DATA = 0x20 / 4,
  RX_STATUS = 0x40 / 4,
  TX_STATUS = 0x48 / 4,
  IRQ_CFG = 0x54 / 4,
  INT_STS = 0x58 / 4,
  INT_EN = 0x5c / 4,
  BYTE_TEST = 0x64 / 4,
  FIFO_INT = 0x68 / 4,
  RX_CFG = 0x6c / 4,
  TX_CFG = 0x70 / 4,
  HW_CFG = 0x74 / 4,
  RX_FIFO_INF = 0x7c / 4,
  TX_FIFO_INF = 0x80 / 4,
  MAC_CSR_CMD = 0xa4 / 4,
  MAC_CSR_DATA = 0xa8 / 4,
};
enum { MAC_CR = 1, ADDRH = 2, ADDRL = 3 };
enum { CSR_BUSY = 1 << 31, CSR_READ = 1 << 30 };
enum { RX_STATUS_LEVEL = 1 << 3, RX_ERROR = 1 << 15, CRC_BYTES = 4, FRAME = 1514 };

// The interrupt wakes the processor; it is never taken (see start.c).
enum { ETHERNET_INTERRUPT = 13 };
static Register *const NVIC_ISER = (Register *)0xe000e100, *const NVIC_ICPR = (Register *)0xe000e280;
// SysTick (Armv7-M Architecture Reference Manual, B3.3), at 25 MHz, 24 bits wide.
static Register *const SYST_CSR = (Register *)0xe000e010, *const SYST_RVR = (Register *)0xe000e014,
                       *const SYST_CVR = (Register *)0xe000e018, *const ICSR = (Register *)0xe000ed04;
enum { TICKS_PER_MILLISECOND = 25000, LONGEST_TICKS = 0xffffff, PENDSTCLR = 1 << 25 };

static uint32_t readMac(uint32_t number) {
  lan[MAC_CSR_CMD] = CSR_BUSY | CSR_READ | number;
  while (lan[MAC_CSR_CMD] & CSR_BUSY) continue;
  return lan[MAC_CSR_DATA];
}

static void writeMac(uint32_t number, uint32_t value) {
  lan[MAC_CSR_DATA] = value;
  lan[MAC_CSR_CMD] = CSR_BUSY | number;
  while (lan[MAC_CSR_CMD] & CSR_BUSY) continue;
}

// Frames go out at once: commands A and B (§3.12.2), then the words.
static err_t sendFrame(struct netif *netif, struct pbuf *packet) {
  static uint32_t frame[(FRAME + 3) / 4];
  (void)netif;
  uint32_t length = packet->tot_len;
  if (length > FRAME) return ERR_BUF;
  pbuf_copy_partial(packet, frame, length, 0);
  // Free room of the data FIFO in bytes; two commands and a little more than the frame must fit.
  while ((lan[TX_FIFO_INF] & 0xffff) < length + 16) continue;
  lan[TX_DATA] = 1 << 13 | 1 << 12 | length;
  lan[TX_DATA] = length;
  for (uint32_t i = 0; i < (length + 3) / 4; i++) lan[TX_DATA] = frame[i];
  while (lan[TX_FIFO_INF] >> 16 & 0xff) (void)lan[TX_STATUS];
  return ERR_OK;
}

static void receiveFrame(struct netif *netif) {
  uint32_t status = lan[RX_STATUS];
  uint32_t length = status >> 16 & 0x3fff;
  struct pbuf *packet = NULL;
  if (!(status & RX_ERROR) && length > CRC_BYTES && length <= FRAME + CRC_BYTES)
    packet = pbuf_alloc(PBUF_RAW, (length + 3) & ~3u, PBUF_POOL);
  for (uint32_t at = 0; at < length; at += 4) {
    uint32_t word = lan[RX_DATA];
    // A buffer of the pool holds a whole frame. Without one the frame is lost, and TCP sends it again.
    if (packet) memcpy((uint8_t *)packet->payload + at, &word, 4);
  }
  if (!packet) return;
  pbuf_realloc(packet, length - CRC_BYTES);
  if (netif->input(packet, netif) != ERR_OK) pbuf_free(packet);
}

void networkPoll(struct netif *netif) {
  while (lan[RX_FIFO_INF] >> 16 & 0xff) receiveFrame(netif);
  lan[INT_STS] = RX_STATUS_LEVEL;
  *NVIC_ICPR = 1 << ETHERNET_INTERRUPT;
}

void networkSleep(uint32_t milliseconds) {
  if (milliseconds == 0) return;
  uint32_t most = LONGEST_TICKS / TICKS_PER_MILLISECOND;
  *SYST_RVR = (milliseconds < most ? milliseconds : most) * TICKS_PER_MILLISECOND;
  *SYST_CVR = 0;
  *ICSR = PENDSTCLR;
  *SYST_CSR = 7;
  // Both interrupts are pending at the most, never taken: this wakes for either.
  __asm__ volatile("dsb\n wfi" ::: "memory");
  *SYST_CSR = 0;
  *ICSR = PENDSTCLR;
}

err_t networkInit(struct netif *netif) {
  if (lan[BYTE_TEST] != 0x87654321) return ERR_IF;
  // Interrupts stay pending: they wake the processor and no handler is needed.
  __asm__ volatile("cpsid i" ::: "memory");
  lan[HW_CFG] = 1 << 20 | 5 << 16;
  lan[FIFO_INT] = 0;
  lan[RX_CFG] = 0;
  lan[TX_CFG] = 1 << 1;
  lan[IRQ_CFG] = 1 << 8 | 1 << 4 | 1;
  lan[INT_EN] = RX_STATUS_LEVEL;
  writeMac(MAC_CR, 1 << 3 | 1 << 2);
  *NVIC_ISER = 1 << ETHERNET_INTERRUPT;

  uint32_t low = readMac(ADDRL), high = readMac(ADDRH);
  for (int i = 0; i < 4; i++) netif->hwaddr[i] = low >> 8 * i;
  for (int i = 0; i < 2; i++) netif->hwaddr[4 + i] = high >> 8 * i;
  netif->hwaddr_len = ETH_HWADDR_LEN;
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
  netif->name[0] = 'e';
  netif->name[1] = 'n';
  netif->output = etharp_output;
  netif->linkoutput = sendFrame;
  return ERR_OK;
}
