// lwIP's settings on boards: one thread, IPv4, TCP client, DHCP and DNS. Room for six connections at a time.
#ifndef DEPUTY_LWIPOPTS_H
#define DEPUTY_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_NETIF_API 0

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_DHCP 1
#define LWIP_DNS 1
#define LWIP_AUTOIP 0
#define DHCP_DOES_ARP_CHECK 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_STATS 0

#define LWIP_TCP 1
#define LWIP_LISTEN_BACKLOG 0
#define TCP_MSS 1460
// What one connection may have under way; the 10 KiB of a small Ethernet controller hold it.
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_SND_QUEUELEN 16
// RFC 6298 §2.1: a second until the first answer has been timed, not lwIP's three.
#define LWIP_TCP_RTO_TIME 1000
#define MEMP_NUM_TCP_PCB 16
#define MEMP_NUM_TCP_SEG 48

#define MEM_ALIGNMENT 4
#define MEM_SIZE (40 * 1024)
#define PBUF_POOL_SIZE 32
#define PBUF_POOL_BUFSIZE 1536

#endif
