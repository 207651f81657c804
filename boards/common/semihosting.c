#include "semihosting.h"
#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_FLEN = 0x0c,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
  ADP_STOPPED_APPLICATION_EXIT = 0x20026,
};

#if __riscv
// The instructions around it make this ebreak a call; all three must lie in one page (RISC-V Semihosting, version 0.3, §2).
__attribute__((noinline)) static int host(int operation, const void *arguments) {
  register int a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = arguments;
  __asm__ volatile(
      ".balign 16\n .option push\n .option norvc\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}
#else
static int host(int operation, const void *arguments) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
#if __ARM_ARCH_PROFILE == 'M'
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
#else
  __asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
#endif
  return r0;
}
#endif

int hostOpen(const char *name, int mode) {
  const struct { const char *name; int mode; size_t length; } open = {name, mode, strlen(name)};
  return host(SYS_OPEN, &open);
}

int hostClose(int handle) { return host(SYS_CLOSE, &handle); }

int hostRead(int handle, void *bytes, size_t length) {
  const struct { int handle; void *bytes; size_t length; } read = {handle, bytes, length};
  return host(SYS_READ, &read);
}

int hostWrite(int handle, const void *bytes, size_t length) {
  const struct { int handle; const void *bytes; size_t length; } write = {handle, bytes, length};
  return host(SYS_WRITE, &write);
}

int hostLength(int handle) { return host(SYS_FLEN, &handle); }

int hostCommandLine(char *text, size_t room) {
  const struct { char *text; size_t room; } line = {text, room};
  return host(SYS_GET_CMDLINE, &line);
}

void hostExit(int status) {
  const int exit[2] = {ADP_STOPPED_APPLICATION_EXIT, status};
  for (;;) host(SYS_EXIT_EXTENDED, exit);
}
