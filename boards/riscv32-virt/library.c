// What picolibc asks of a board with semihosting: memory for malloc, an output, an end, the time.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
#include "board.h"
#include "semihosting.h"

extern char heapStart[], heapEnd[];

static char *heap = heapStart;

void *sbrk(ptrdiff_t more) {
  if (more > heapEnd - heap) {
    errno = ENOMEM;
    return (void *)-1;
  }
  char *start = heap;
  heap += more;
  return start;
}

size_t boardHeapPeak(void) { return heap - heapStart; }

static char text[256];
static size_t length;

static int flush(FILE *file) {
  static int console = -1;
  (void)file;
  if (console < 0) console = hostOpen(":tt", HOST_WRITE);
  hostWrite(console, text, length);
  length = 0;
  return 0;
}

static int put(char byte, FILE *file) {
  text[length++] = byte;
  if (length == sizeof text) flush(file);
  return byte;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, flush, _FDEV_SETUP_WRITE);
FILE *const stdout = &console, *const stderr = &console;

void _exit(int status) {
  flush(&console);
  hostExit(status);
}

// abort() ends here.
int kill(int process, int signal) {
  static const char said[] = "the program met a state that it should never reach, and stopped\n";
  (void)process, (void)signal;
  hostWrite(hostOpen(":tt", HOST_APPEND), said, sizeof said - 1);
  hostExit(4);
}

int getpid(void) { return 1; }

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  uint64_t now = boardNanoseconds();
  *time = (struct timeval){now / 1000000000, now % 1000000000 / 1000};
  return 0;
}
