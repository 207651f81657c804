// The screen's font, from font.mjs.
#ifndef DEPUTY_FONT_H
#define DEPUTY_FONT_H

#include <stdint.h>

enum { FONT_WIDTH = 8, FONT_HEIGHT = 13 };

/** A character of Unicode, and its rows from the top: the highest bit is the leftmost pixel. */
typedef struct {
  uint16_t code;
  uint8_t rows[FONT_HEIGHT];
} Glyph;

/** In the order of their codes. */
extern const Glyph fontGlyphs[];
extern const int fontLength;

#endif
