#include "native_screen.h"
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "fonts.h"
#include "pictures.h"
#include "wasm.h"

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

static BoardScreen screen;

static int max(int a, int b) { return a > b ? a : b; }
static int min(int a, int b) { return a < b ? a : b; }

// Whole numbers, as many as `out` holds. Returns 0, or -1 with an exception.
static int numbers(JSContext *context, JSValueConst *values, int32_t *out, int count) {
  for (int i = 0; i < count; i++)
    if (JS_ToInt32(context, &out[i], values[i])) return -1;
  return 0;
}

static const Font *fontOf(JSContext *context, JSValueConst value) {
  uint32_t number;
  if (JS_ToUint32(context, &number, value)) return NULL;
  const Font *font = findFont(number);
  if (!font) JS_ThrowRangeError(context, "no such font");
  return font;
}

static JSValue ascent(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  const Font *font = fontOf(context, arguments[0]);
  return font ? JS_NewInt32(context, font->ascent) : JS_EXCEPTION;
}

static JSValue descent(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  const Font *font = fontOf(context, arguments[0]);
  return font ? JS_NewInt32(context, font->descent) : JS_EXCEPTION;
}

static JSValue measure(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  const Font *font = fontOf(context, arguments[0]);
  size_t length;
  const char *text = font ? JS_ToCStringLen(context, &length, arguments[1]) : NULL;
  if (!text) return JS_EXCEPTION;
  int32_t width = 0;
  for (const char *at = text; at < text + length;) width += findGlyph(font, nextCharacter(&at, text + length))->advance;
  JS_FreeCString(context, text);
  return JS_NewInt32(context, width);
}

static JSValue fill(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  int32_t n[5];
  if (numbers(context, arguments, n, 5)) return JS_EXCEPTION;
  int left = max(n[0], 0), right = min(n[0] + n[2], screen.width);
  int top = max(n[1], 0), bottom = min(n[1] + n[3], screen.height);
  for (int y = top; y < bottom; y++)
    for (int x = left; x < right; x++) screen.pixels[y * screen.width + x] = n[4];
  return JS_UNDEFINED;
}

static void draw(const Glyph *glyph, int x, int y, uint16_t colour, int top, int bottom) {
  const uint8_t *bits = glyphBits(glyph);
  int stride = (glyph->width + 7) / 8;
  for (int row = 0; row < glyph->height; row++, bits += stride) {
    if (y + row < top || y + row >= bottom) continue;
    uint16_t *pixels = screen.pixels + (y + row) * screen.width;
    for (int column = 0; column < glyph->width; column++)
      if (bits[column / 8] & 0x80 >> column % 8 && x + column >= 0 && x + column < screen.width)
        pixels[x + column] = colour;
  }
}

static JSValue writeText(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  const Font *font = fontOf(context, arguments[0]);
  int32_t place[2], rest[3];
  if (!font || numbers(context, arguments + 1, place, 2) || numbers(context, arguments + 4, rest, 3))
    return JS_EXCEPTION;
  size_t length;
  const char *text = JS_ToCStringLen(context, &length, arguments[3]);
  if (!text) return JS_EXCEPTION;
  int pen = place[0], top = max(rest[1], 0), bottom = min(rest[2], screen.height);
  for (const char *at = text; at < text + length && pen < screen.width;) {
    const Glyph *glyph = findGlyph(font, nextCharacter(&at, text + length));
    draw(glyph, pen + glyph->left, place[1] - glyph->ascent, rest[0], top, bottom);
    pen += glyph->advance;
  }
  JS_FreeCString(context, text);
  return JS_UNDEFINED;
}

static JSValue showPicture(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  int32_t n[5], size[2];
  if (numbers(context, arguments + 1, n, 5)) return JS_EXCEPTION;
  JSValue width = JS_GetPropertyStr(context, arguments[0], "width");
  JSValue height = JS_GetPropertyStr(context, arguments[0], "height");
  JSValue data = JS_GetPropertyStr(context, arguments[0], "data");
  JSValueConst sizes[2] = {width, height};
  size_t length;
  uint8_t *bytes = numbers(context, sizes, size, 2) ? NULL : JS_GetArrayBuffer(context, &length, data);
  if (bytes && (size[0] < 0 || size[1] < 0 || length < sizeof(uint16_t) * size[0] * size[1])) {
    JS_ThrowRangeError(context, "the picture is smaller than it says");
    bytes = NULL;
  }
  if (bytes) {
    const uint16_t *pixels = (const uint16_t *)bytes;
    int left = max(n[0], 0), right = min(min(n[0] + size[0], n[4]), screen.width);
    int top = max(max(n[1], n[2]), 0), bottom = min(min(n[1] + size[1], n[3]), screen.height);
    for (int y = top; y < bottom && left < right; y++)
      memcpy(screen.pixels + y * screen.width + left, pixels + (y - n[1]) * size[0] + left - n[0],
             sizeof *pixels * (right - left));
  }
  JS_FreeValue(context, width);
  JS_FreeValue(context, height);
  JS_FreeValue(context, data);
  return bytes ? JS_UNDEFINED : JS_EXCEPTION;
}

static JSValue textOf(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  size_t length;
  uint8_t *bytes = bytesOf(context, arguments[0], &length);
  return bytes ? JS_NewStringLen(context, (const char *)bytes, length) : JS_EXCEPTION;
}

static void freeBytes(JSRuntime *runtime, void *opaque, void *bytes) {
  (void)opaque;
  js_free_rt(runtime, bytes);
}

static int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static JSValue base64(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  size_t length, made = 0;
  const char *text = JS_ToCStringLen(context, &length, arguments[0]);
  uint8_t *bytes = text ? js_malloc(context, length / 4 * 3 + 3) : NULL;
  if (!bytes) {
    JS_FreeCString(context, text);
    return JS_EXCEPTION;
  }
  size_t end = length;
  while (end > 0 && length - end < 2 && text[end - 1] == '=') end--;
  uint32_t bits = 0;
  int isRight = end % 4 != 1;
  for (size_t i = 0; i < end && isRight; i++) {
    int value = sextet(text[i]);
    isRight = value >= 0;
    bits = bits << 6 | (value & 63);
    // Each character but the first of four completes a byte.
    if (i % 4 != 0) bytes[made++] = bits >> (6 - 2 * (i % 4));
  }
  JS_FreeCString(context, text);
  if (isRight) return bytesOver(context, bytes, made, freeBytes, NULL);
  js_free(context, bytes);
  return JS_UNDEFINED;
}

static void freePixels(JSRuntime *runtime, void *opaque, void *pixels) {
  (void)runtime, (void)opaque;
  free(pixels);
}

static JSValue decode(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count;
  size_t length;
  int32_t most[2];
  uint8_t *bytes = bytesOf(context, arguments[0], &length);
  if (!bytes || numbers(context, arguments + 1, most, 2)) return JS_EXCEPTION;
  char why[REASON];
  Pixels pixels;
  if (decodePicture(bytes, length, most[0], most[1], &pixels, why)) {
    JSValue error = JS_NewError(context);
    JS_DefinePropertyValueStr(context, error, "message", JS_NewString(context, why), JS_PROP_C_W_E);
    return JS_Throw(context, error);
  }
  size_t size = sizeof(uint16_t) * pixels.width * pixels.height;
  JSValue out = JS_NewObject(context);
  JSValue data = JS_NewArrayBuffer(context, (uint8_t *)pixels.pixels, size, freePixels, NULL, 0);
  JS_SetPropertyStr(context, out, "width", JS_NewInt32(context, pixels.width));
  JS_SetPropertyStr(context, out, "height", JS_NewInt32(context, pixels.height));
  JS_SetPropertyStr(context, out, "data", data);
  return out;
}

static JSValue key(JSContext *context, JSValueConst self, int count, JSValueConst *arguments) {
  (void)self, (void)count, (void)arguments;
  return JS_NewInt32(context, boardKey());
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("ascent", 1, ascent),
    JS_CFUNC_DEF("descent", 1, descent),
    JS_CFUNC_DEF("measure", 2, measure),
    JS_CFUNC_DEF("fill", 5, fill),
    JS_CFUNC_DEF("write", 7, writeText),
    JS_CFUNC_DEF("show", 6, showPicture),
    JS_CFUNC_DEF("text", 1, textOf),
    JS_CFUNC_DEF("base64", 1, base64),
    JS_CFUNC_DEF("decode", 3, decode),
    JS_CFUNC_DEF("key", 0, key),
};

JSValue newScreen(JSContext *context) {
  JSValue object = JS_NewObject(context);
  if (JS_IsException(object)) return object;
  screen = boardScreen();
  JS_SetPropertyFunctionList(context, object, functions, COUNT(functions));
  JS_SetPropertyStr(context, object, "width", JS_NewInt32(context, screen.width));
  JS_SetPropertyStr(context, object, "height", JS_NewInt32(context, screen.height));
  return object;
}
