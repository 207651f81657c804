// lwIP on newlib without an operating system.
#ifndef DEPUTY_LWIP_CC_H
#define DEPUTY_LWIP_CC_H

#include <stdint.h>
#include <sys/time.h>

unsigned int lwipRandom(void);
void lwipFault(void) __attribute__((noreturn));

#define LWIP_RAND() lwipRandom()
#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_NO_UNISTD_H 1
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) lwipFault()

#endif
