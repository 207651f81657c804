// The screen: 320 × 320 pixels of 16 bits. (Registers of the OMAP310's LCD controller and of its DMA channel as QEMU's
// hw/display/omap_lcdc.c and hw/dma/omap_dma.c have them.)
#include <stdint.h>
#include <string.h>
#include "board.h"

enum { WIDTH = 320, HEIGHT = 320 };

static uint16_t pixels[HEIGHT][WIDTH] __attribute__((aligned(32)));
// The first entry says how many bits a pixel has: 4 stands for 16, and the others don't matter then.
static uint16_t palette[256] __attribute__((aligned(32))) = {4 << 12};

static volatile uint32_t *const lcd = (volatile uint32_t *)0xfffec000;
enum { LCD_CONTROL, LCD_TIMING0, LCD_TIMING1, LCD_TIMING2, LCD_STATUS };
enum { ENABLE = 1, ACTIVE_MATRIX = 1 << 7, PALETTE_ALONE = 1 << 20, PIXELS_ALONE = 2 << 20, PALETTE_LOADED = 1 << 6 };
static volatile uint16_t *const dma = (volatile uint16_t *)0xfffedb00;
enum { DMA_CONTROL, TOP_LOW, TOP_HIGH, BOTTOM_LOW, BOTTOM_HIGH };

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

BoardScreen boardScreen(void) {
  memset(pixels, 0xff, sizeof pixels);
  lcd[LCD_TIMING0] = WIDTH - 1;
  lcd[LCD_TIMING1] = HEIGHT - 1;
  load(palette, sizeof palette, PALETTE_ALONE);
  while (!(lcd[LCD_STATUS] & PALETTE_LOADED)) continue;
  load(pixels, sizeof pixels, PIXELS_ALONE);
  return (BoardScreen){pixels[0], WIDTH, HEIGHT};
}
