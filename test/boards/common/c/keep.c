// keep KEY [TEXT]: stores TEXT (nothing where it is empty), or prints what is kept. 3: not kept, 4: nothing there.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"

int main(int count, char **words) {
  if (count == 3) return boardStore(words[1], (const uint8_t *)words[2], strlen(words[2])) == 0 ? 0 : 3;
  size_t length;
  uint8_t *bytes = boardLoad(words[1], &length);
  if (!bytes) return 4;
  fwrite(bytes, 1, length, stdout);
  free(bytes);
  return 0;
}
