// Storage in the folder that DEPUTY_STORE names, one file a key; without it nothing is kept.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "board.h"

enum { PATH = 1024 };

static int pathOf(char *path, const char *key, const char *end) {
  const char *folder = getenv("DEPUTY_STORE");
  if (!folder || !*folder) return -1;
  int length = snprintf(path, PATH, "%s/%s%s", folder, key, end);
  return length > 0 && length < PATH ? 0 : -1;
}

static int writeAll(int file, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(file, bytes, length);
    if (written <= 0) return -1;
    bytes += written;
    length -= written;
  }
  return fsync(file);
}

int boardStore(const char *key, const uint8_t *bytes, size_t length) {
  char path[PATH], fresh[PATH];
  if (pathOf(path, key, "") || pathOf(fresh, key, ".new")) return -1;
  if (length == 0) return access(path, F_OK) == 0 ? unlink(path) : 0;
  // For this user alone: it may be a ticket. Only a whole file takes the old one's place.
  int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return -1;
  int failed = writeAll(file, bytes, length);
  if (close(file) != 0) failed = -1;
  if (!failed) failed = rename(fresh, path);
  if (failed) unlink(fresh);
  return failed ? -1 : 0;
}

uint8_t *boardLoad(const char *key, size_t *length) {
  char path[PATH];
  return pathOf(path, key, "") ? NULL : boardFile(path, length);
}
