// Pictures for a screen of 16 bits a pixel: PNG by libpng, JPEG by libjpeg-turbo.
#ifndef DEPUTY_PICTURES_H
#define DEPUTY_PICTURES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t width, height;
  /** Rows from the top, from malloc. */
  uint16_t *pixels;
} Pixels;

enum { REASON = 100 };

/**
 * Decodes a PNG or JPEG of at most so many pixels a side; what is transparent lies on white. Returns 0, or -1 with the
 * reason in `why`: then nothing is left allocated.
 */
int decodePicture(const uint8_t *bytes, size_t length, uint32_t maxWidth, uint32_t maxHeight, Pixels *out,
                  char why[REASON]);

#endif
