// The screen: 320 × 320 pixels of 16 bits, on which what the client prints is laid out as text, wrapped at words, and
// scrolls upward. (Registers of the OMAP310's LCD controller and of its DMA channel as QEMU's hw/display/omap_lcdc.c and
// hw/dma/omap_dma.c have them.)
#include <stdint.h>
#include <string.h>
#include "font.h"
#include "semihosted.h"

enum { WIDTH = 320, HEIGHT = 320, COLUMNS = WIDTH / FONT_WIDTH, LINES = HEIGHT / FONT_HEIGHT, TAB = 8 };
enum { PAPER = 0xffff, INK = 0x0000 };

static uint16_t pixels[HEIGHT][WIDTH] __attribute__((aligned(32)));
// The first entry says how many bits a pixel has: 4 stands for 16, and the others don't matter then.
static uint16_t palette[256] __attribute__((aligned(32))) = {4 << 12};

static volatile uint32_t *const lcd = (volatile uint32_t *)0xfffec000;
enum { LCD_CONTROL, LCD_TIMING0, LCD_TIMING1, LCD_TIMING2, LCD_STATUS };
enum { ENABLE = 1, ACTIVE_MATRIX = 1 << 7, PALETTE_ALONE = 1 << 20, PIXELS_ALONE = 2 << 20, PALETTE_LOADED = 1 << 6 };
static volatile uint16_t *const dma = (volatile uint16_t *)0xfffedb00;
enum { DMA_CONTROL, TOP_LOW, TOP_HIGH, BOTTOM_LOW, BOTTOM_HIGH };

static uint16_t text[COLUMNS];  // the line that is being written
static int column, row;

// Has the controller load from here: DMA is told the address of the last half-word, not of what follows it.
static void load(const void *from, size_t length, uint32_t mode) {
  uintptr_t top = (uintptr_t)from, bottom = top + length - 2;
  lcd[LCD_CONTROL] = 0;
  dma[DMA_CONTROL] = 0;
  dma[TOP_LOW] = top;
  dma[TOP_HIGH] = top >> 16;
  dma[BOTTOM_LOW] = bottom;
  dma[BOTTOM_HIGH] = bottom >> 16;
  lcd[LCD_CONTROL] = ACTIVE_MATRIX | mode | ENABLE;
}

static void start(void) {
  memset(pixels, 0xff, sizeof pixels);
  lcd[LCD_TIMING0] = WIDTH - 1;
  lcd[LCD_TIMING1] = HEIGHT - 1;
  load(palette, sizeof palette, PALETTE_ALONE);
  while (!(lcd[LCD_STATUS] & PALETTE_LOADED)) continue;
  load(pixels, sizeof pixels, PIXELS_ALONE);
}

static const Glyph *glyphOf(uint32_t code) {
  int low = 0, high = fontLength - 1;
  while (low <= high) {
    int middle = (low + high) / 2;
    if (fontGlyphs[middle].code == code) return &fontGlyphs[middle];
    if (fontGlyphs[middle].code < code) low = middle + 1;
    else high = middle - 1;
  }
  return code == '?' ? &fontGlyphs[0] : glyphOf('?');
}

static void draw(int x, uint32_t code) {
  const Glyph *glyph = glyphOf(code);
  for (int i = 0; i < FONT_HEIGHT; i++)
    for (int j = 0; j < FONT_WIDTH; j++)
      pixels[row * FONT_HEIGHT + i][x * FONT_WIDTH + j] = glyph->rows[i] & 0x80 >> j ? INK : PAPER;
}

static void newLine(void) {
  column = 0;
  if (row < LINES - 1) {
    row++;
    return;
  }
  size_t line = sizeof pixels[0] * FONT_HEIGHT;
  memmove(pixels[0], pixels[FONT_HEIGHT], line * (LINES - 1));
  memset(pixels[(LINES - 1) * FONT_HEIGHT], 0xff, line);
}

static void put(uint32_t code) {
  draw(column, code);
  text[column++] = code;
}

// Takes the word at the end of a full line to the next, where it is not the whole line.
static void wrap(void) {
  int word = COLUMNS;
  while (word > 0 && text[word - 1] != ' ') word--;
  if (word == 0) word = COLUMNS;
  uint16_t carried[COLUMNS];
  int length = COLUMNS - word;
  memcpy(carried, text + word, length * sizeof *carried);
  for (int i = word; i < COLUMNS; i++) draw(i, ' ');
  newLine();
  for (int i = 0; i < length; i++) put(carried[i]);
}

static void show(uint32_t code) {
  if (code == '\n') {
    newLine();
  } else if (code == '\t') {
    for (int end = (column / TAB + 1) * TAB; column < COLUMNS && column < end;) put(' ');
  } else if (code < ' ') {
    return;
  } else if (column < COLUMNS) {
    put(code);
  } else if (code == ' ') {
    // The space that a line is broken at is not shown.
    newLine();
  } else {
    wrap();
    put(code);
  }
}

void boardShow(const uint8_t *bytes, size_t length) {
  static int started;
  static uint32_t code;
  static int more;
  if (!started) start();
  started = 1;
  // UTF-8; a character may be cut between two calls.
  for (size_t i = 0; i < length; i++) {
    uint8_t byte = bytes[i];
    if ((byte & 0xc0) == 0x80) {
      if (more == 0) continue;
      code = code << 6 | (byte & 0x3f);
      if (--more > 0) continue;
    } else if (byte >= 0xc0) {
      more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      code = byte & (0x3f >> more);
      continue;
    } else {
      more = 0;
      code = byte;
    }
    // The line that is being written keeps characters of 16 bits; the font has no others.
    show(code > 0xffff ? '?' : code);
  }
}
