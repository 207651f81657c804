// The fonts: a table made by boards/parts/fonts.ts, which tells its form.
#ifndef DEPUTY_FONTS_H
#define DEPUTY_FONTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint16_t code;
  /** Pixels from the pen to the leftmost one, and from the baseline up to the topmost row. */
  int8_t left, ascent;
  uint8_t width, height, advance, unused;
  /** Rows from the top, each filled up to a byte, begin so many bytes into the table. */
  uint32_t bits;
} Glyph;

typedef struct {
  uint16_t ascent, descent;
  uint32_t glyphs, count;
} Font;

/** NULL where there is no such font. */
const Font *findFont(uint32_t number);

/** What a font lacks stands in the fixed one, kana and kanji in the wide one, and what none has is a question mark. */
const Glyph *findGlyph(const Font *font, uint32_t code);

const uint8_t *glyphBits(const Glyph *glyph);

/** Takes a character off UTF-8 text of at least one byte; a byte that fits nowhere is U+FFFD. */
uint32_t nextCharacter(const char **text, const char *end);

#endif
