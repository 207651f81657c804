#include "fonts.h"

// The numbers in font.ts of those that have what others lack.
enum { FIXED = 7, WIDE = 9, REPLACEMENT = 0xfffd };

extern const uint8_t fontsTable[];

const Font *findFont(uint32_t number) {
  uint32_t count = *(const uint32_t *)fontsTable;
  return number < count ? (const Font *)(fontsTable + sizeof count) + number : NULL;
}

static const Glyph *search(const Font *font, uint32_t code) {
  const Glyph *glyphs = (const Glyph *)(fontsTable + font->glyphs);
  uint32_t low = 0, high = font->count;
  // ASCII stands at the beginning without a gap.
  if (code >= ' ' && code - ' ' < font->count && glyphs[code - ' '].code == code) return &glyphs[code - ' '];
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (glyphs[middle].code == code) return &glyphs[middle];
    if (glyphs[middle].code < code) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

const Glyph *findGlyph(const Font *font, uint32_t code) {
  const Glyph *glyph = search(font, code);
  if (!glyph) glyph = search(findFont(FIXED), code);
  if (!glyph) glyph = search(findFont(WIDE), code);
  return glyph ? glyph : search(font, '?');
}

const uint8_t *glyphBits(const Glyph *glyph) { return fontsTable + glyph->bits; }

uint32_t nextCharacter(const char **text, const char *end) {
  uint8_t first = *(*text)++;
  int more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  if (more < 0) return REPLACEMENT;
  uint32_t code = more == 0 ? first : first & (0x3f >> more);
  for (; more > 0; more--) {
    if (*text == end || (**text & 0xc0) != 0x80) return REPLACEMENT;
    code = code << 6 | (*(*text)++ & 0x3f);
  }
  return code;
}
