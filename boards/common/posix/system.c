// Time, console and files by POSIX.1-2001 alone: what Linux, VxWorks RTPs and QNX share.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "board.h"

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + time.tv_nsec;
}

uint64_t boardNanoseconds(void) {
  static uint64_t start;
  uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  if (start == 0) start = now;
  return now - start;
}

uint64_t boardUnixTime(void) { return nanoseconds(CLOCK_REALTIME) / 1000000u; }

void boardWrite(int error, const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    ssize_t written = write(error ? STDERR_FILENO : STDOUT_FILENO, at, length);
    // The reader has gone: nothing is left to be told.
    if (written <= 0) return;
    at += written;
    length -= written;
  }
}

uint8_t *boardFile(const char *name, size_t *length) {
  FILE *file = fopen(name, "rb");
  if (!file) return NULL;
  uint8_t *bytes = NULL;
  long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc(size + 1);
  if (bytes && fread(bytes, 1, size, file) != (size_t)size) {
    free(bytes);
    bytes = NULL;
  }
  fclose(file);
  *length = size;
  return bytes;
}

size_t boardStackSize(void) { return 1024 * 1024; }
