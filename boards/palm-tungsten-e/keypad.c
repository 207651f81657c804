// The keys: five rows of two columns on the OMAP310's keyboard lines (registers as QEMU's hw/arm/omap1.c has them, places
// as hw/arm/palm.c). Polled: a key counts when it goes down.
#include <stdint.h>
#include "board.h"

static volatile uint16_t *const rows = (volatile uint16_t *)0xfffb5010, *const columns = (volatile uint16_t *)0xfffb5014;
enum { ROWS = 5, COLUMNS = 2 };

// Calendar leads back, Contacts reloads; the navigator scrolls and chooses; Power ends.
static const uint8_t keys[COLUMNS][ROWS] = {
    {KEY_BACK, KEY_RELOAD, KEY_NONE, KEY_NONE, KEY_QUIT},
    {KEY_LEFT, KEY_DOWN, KEY_UP, KEY_RIGHT, KEY_SELECT},
};

BoardKey boardKey(void) {
  static uint8_t before[COLUMNS];
  for (int column = 0; column < COLUMNS; column++) {
    // A line is low where a key of the driven column is down.
    *columns = ~(1 << column);
    uint8_t down = ~*rows & ((1 << ROWS) - 1);
    uint8_t pressed = down & ~before[column];
    for (int row = 0; row < ROWS; row++) {
      if (!(pressed & 1 << row)) continue;
      // One at a time: the others are still new at the next call.
      before[column] |= 1 << row;
      return keys[column][row];
    }
    before[column] &= down;
  }
  return KEY_NONE;
}
