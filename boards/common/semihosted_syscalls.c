// What newlib asks of a board with semihosting: memory for malloc, an output, an end.
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/time.h>
#include "board.h"
#include "semihosting.h"

extern char heapStart[], heapEnd[];

static char *heap = heapStart;

void *_sbrk(ptrdiff_t more) {
  if (more > heapEnd - heap) {
    errno = ENOMEM;
    return (void *)-1;
  }
  char *start = heap;
  heap += more;
  return start;
}

size_t boardHeapPeak(void) { return heap - heapStart; }

int _write(int file, const char *bytes, int length) {
  static int console = -1;
  (void)file;
  if (console < 0) console = hostOpen(":tt", HOST_WRITE);
  return length - hostWrite(console, bytes, length);
}

void _exit(int status) { hostExit(status); }

// abort() ends here.
int _kill(int process, int signal) {
  static const char text[] = "the program met a state that it should never reach, and stopped\n";
  (void)process, (void)signal;
  hostWrite(hostOpen(":tt", HOST_APPEND), text, sizeof text - 1);
  hostExit(4);
}

int _getpid(void) { return 1; }

int _fstat(int file, struct stat *status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}

int _isatty(int file) {
  (void)file;
  return 1;
}

int _read(int file, char *bytes, int length) {
  (void)file, (void)bytes, (void)length;
  return 0;
}

int _lseek(int file, int offset, int from) {
  (void)file, (void)offset, (void)from;
  return 0;
}

int _gettimeofday(struct timeval *time, void *zone) {
  (void)zone;
  uint64_t now = boardNanoseconds();
  *time = (struct timeval){now / 1000000000, now % 1000000000 / 1000};
  return 0;
}

int _close(int file) {
  (void)file;
  return -1;
}
