#include "pictures.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>
#include <jpeglib.h>

// Of progressive JPEG: more passes over the picture than any encoder makes are an attack on time.
enum { MAX_PASSES = 64 };

static uint16_t pixelOf(uint8_t red, uint8_t green, uint8_t blue) {
  return (red & 0xf8) << 8 | (green & 0xfc) << 3 | blue >> 3;
}

static void fail(char why[REASON], const char *text) { snprintf(why, REASON, "%s", text); }

// Checks the size and makes room. Returns whether there is some.
static int begin(Pixels *out, uint32_t width, uint32_t height, uint32_t maxWidth, uint32_t maxHeight, char why[REASON]) {
  if (width == 0 || height == 0 || width > maxWidth || height > maxHeight) {
    fail(why, "it is too large for this screen");
    return 0;
  }
  *out = (Pixels){width, height, malloc(sizeof(uint16_t) * width * height)};
  if (!out->pixels) fail(why, "no memory is left for it");
  return out->pixels != NULL;
}

// --- PNG

typedef struct {
  const uint8_t *at, *end;
} Source;

static void readPng(png_structp png, png_bytep out, png_size_t length) {
  Source *source = png_get_io_ptr(png);
  if (length > (size_t)(source->end - source->at)) png_error(png, "it ends too early");
  memcpy(out, source->at, length);
  source->at += length;
}

static void pngFailed(png_structp png, png_const_charp text) {
  fail(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void pngWarned(png_structp png, png_const_charp text) { (void)png, (void)text; }

static uint8_t onWhite(uint8_t value, uint8_t alpha) { return (value * alpha + 255 * (255 - alpha) + 127) / 255; }

static int decodePng(const uint8_t *bytes, size_t length, uint32_t maxWidth, uint32_t maxHeight, Pixels *out,
                     char why[REASON]) {
  Source source = {bytes, bytes + length};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, why, pngFailed, pngWarned);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  uint8_t *volatile row = NULL;
  if (!info) {
    fail(why, "no memory is left for it");
    png_destroy_read_struct(&png, NULL, NULL);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(row);
    free(out->pixels);
    out->pixels = NULL;
    return -1;
  }
  png_set_read_fn(png, &source, readPng);
  png_set_user_limits(png, maxWidth, maxHeight);
  png_read_info(png, info);
  if (png_get_interlace_type(png, info) != PNG_INTERLACE_NONE) png_error(png, "an interlaced PNG is not read here");
  png_set_scale_16(png);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  png_read_update_info(png, info);
  uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (!begin(out, width, height, maxWidth, maxHeight, why)) png_longjmp(png, 1);
  row = malloc(png_get_rowbytes(png, info));
  if (!row) png_error(png, "no memory is left for it");
  for (uint32_t y = 0; y < height; y++) {
    png_read_row(png, row, NULL);
    for (uint32_t x = 0; x < width; x++) {
      const uint8_t *p = row + 4 * x;
      out->pixels[y * width + x] = pixelOf(onWhite(p[0], p[3]), onWhite(p[1], p[3]), onWhite(p[2], p[3]));
    }
  }
  png_destroy_read_struct(&png, &info, NULL);
  free(row);
  return 0;
}

// --- JPEG

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf failed;
  char *why;
} JpegErrors;

static void jpegFailed(j_common_ptr jpeg) {
  JpegErrors *errors = (JpegErrors *)jpeg->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(jpeg, text);
  fail(errors->why, text);
  longjmp(errors->failed, 1);
}

static void jpegSays(j_common_ptr jpeg) { (void)jpeg; }

static void jpegPassed(j_common_ptr jpeg) {
  j_decompress_ptr it = (j_decompress_ptr)jpeg;
  JpegErrors *errors = (JpegErrors *)jpeg->err;
  if (it->input_scan_number <= MAX_PASSES) return;
  fail(errors->why, "it has too many passes");
  longjmp(errors->failed, 1);
}

static int decodeJpeg(const uint8_t *bytes, size_t length, uint32_t maxWidth, uint32_t maxHeight, Pixels *out,
                      char why[REASON]) {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress = {.progress_monitor = jpegPassed};
  JpegErrors errors = {.why = why};
  uint8_t *volatile row = NULL;
  jpeg.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = jpegFailed;
  errors.base.output_message = jpegSays;
  jpeg_create_decompress(&jpeg);
  if (setjmp(errors.failed)) {
    jpeg_destroy_decompress(&jpeg);
    free(row);
    free(out->pixels);
    out->pixels = NULL;
    return -1;
  }
  jpeg.progress = &progress;
  jpeg_mem_src(&jpeg, bytes, length);
  jpeg_read_header(&jpeg, TRUE);
  if (!begin(out, jpeg.image_width, jpeg.image_height, maxWidth, maxHeight, why)) longjmp(errors.failed, 1);
  jpeg.out_color_space = JCS_RGB;
  jpeg_start_decompress(&jpeg);
  row = malloc(3 * jpeg.output_width);
  if (!row) {
    fail(why, "no memory is left for it");
    longjmp(errors.failed, 1);
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    uint16_t *pixels = out->pixels + jpeg.output_scanline * jpeg.output_width;
    JSAMPROW rows[1] = {row};
    jpeg_read_scanlines(&jpeg, rows, 1);
    for (uint32_t x = 0; x < jpeg.output_width; x++) pixels[x] = pixelOf(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
  }
  jpeg_finish_decompress(&jpeg);
  jpeg_destroy_decompress(&jpeg);
  free(row);
  return 0;
}

int decodePicture(const uint8_t *bytes, size_t length, uint32_t maxWidth, uint32_t maxHeight, Pixels *out,
                  char why[REASON]) {
  *out = (Pixels){0, 0, NULL};
  if (length > 8 && png_sig_cmp((png_bytep)bytes, 0, 8) == 0)
    return decodePng(bytes, length, maxWidth, maxHeight, out, why);
  if (length > 3 && bytes[0] == 0xff && bytes[1] == 0xd8)
    return decodeJpeg(bytes, length, maxWidth, maxHeight, out, why);
  fail(why, "it is neither PNG nor JPEG");
  return -1;
}
