// The network interface below lwIP: what the board's driver gives.
#ifndef DEPUTY_NETWORK_H
#define DEPUTY_NETWORK_H

#include "lwip/netif.h"

/** Sets the interface up as lwIP's netif_add wants it. */
err_t networkInit(struct netif *netif);

/** Gives lwIP every packet that has come. */
void networkPoll(struct netif *netif);

/** Sleeps until a packet comes, at most so many milliseconds. Nothing is processed meanwhile. */
void networkSleep(uint32_t milliseconds);

/**
 * The address to take where none is to be asked for by DHCP: `ADDRESS MASK GATEWAY NAMESERVER`, each in dots. NULL without
 * one.
 */
const char *networkAddress(void);

#endif
