// A screen without glass: its pixels lie in the file that DEPUTY_SCREEN names, or nowhere; keys are letters on the
// standard input, which must be no terminal that waits for whole lines.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <poll.h>
#include "board.h"

enum { WIDTH = 320, HEIGHT = 320, BYTES = WIDTH * HEIGHT * 2 };

BoardScreen boardScreen(void) {
  static uint16_t nowhere[WIDTH * HEIGHT];
  uint16_t *pixels = nowhere;
  const char *name = getenv("DEPUTY_SCREEN");
  int file = name ? open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  if (file >= 0 && ftruncate(file, BYTES) == 0) {
    void *mapped = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) pixels = mapped;
  }
  if (file >= 0) close(file);
  memset(pixels, 0xff, BYTES);
  return (BoardScreen){pixels, WIDTH, HEIGHT};
}

BoardKey boardKey(void) {
  // In the order of BoardKey.
  static const char letters[] = "kjhl\nbrq";
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  char letter;
  if (poll(&input, 1, 0) <= 0 || read(STDIN_FILENO, &letter, 1) != 1) return KEY_NONE;
  const char *found = letter ? strchr(letters, letter) : NULL;
  return found ? KEY_UP + (found - letters) : KEY_NONE;
}
