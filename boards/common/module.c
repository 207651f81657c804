// Walks the sections of a wasm module (WebAssembly Core Specification 2.0, §5.5).
#include "module.h"

enum { HEADER = 8, IMPORT = 2, TABLE = 4, MEMORY = 5, EXPORT = 7, ELEMENT = 9, DATA = 11, TAG = 13 };
enum { END = 0x0b, GLOBAL_GET = 0x23, I32_CONST = 0x41 };

// An unsigned LEB128 number of at most 32 bits; runs to the end on a malformed one.
static uint32_t number(ModuleReader *in) {
  uint32_t value = 0;
  for (int shift = 0; shift < 35 && in->at < in->end; shift += 7) {
    uint8_t byte = *in->at++;
    if (shift < 32) value |= (uint32_t)(byte & 127) << shift;
    if (!(byte & 128)) return value;
  }
  in->at = in->end;
  return 0;
}

// The next section's id and content; -1 at the end of the module.
static int section(ModuleReader *module, ModuleReader *content) {
  if (module->at >= module->end) return -1;
  int id = *module->at++;
  uint32_t length = number(module);
  if (length > (size_t)(module->end - module->at)) return -1;
  *content = (ModuleReader){module->at, module->at + length, 0};
  module->at += length;
  return id;
}

static ModuleReader sections(const uint8_t *wasm, size_t length) {
  return (ModuleReader){wasm + (length < HEADER ? length : HEADER), wasm + length, 0};
}

// Whether all segments are active ones of memory or table 0 at a constant offset: wasm3 reads each as such.
static int activeSegments(ModuleReader in, int id) {
  for (uint32_t left = number(&in); left > 0 && in.at < in.end; left--) {
    if (number(&in) != 0 || in.at >= in.end) return 0;
    int opcode = *in.at++;
    if (opcode != I32_CONST && opcode != GLOBAL_GET) return 0;
    number(&in);
    if (in.at >= in.end || *in.at++ != END) return 0;
    uint32_t count = number(&in);
    if (id == ELEMENT) {
      while (count-- > 0 && in.at < in.end) number(&in);
    } else {
      if (count > (size_t)(in.end - in.at)) return 0;
      in.at += count;
    }
  }
  return 1;
}

// At most one memory, and that neither shared nor 64-bit: only bit 0 of its flags, "a maximum follows", may be set.
static int plainMemory(ModuleReader in) {
  uint32_t count = number(&in);
  return count == 0 || (count == 1 && number(&in) <= 1);
}

const char *refusedModule(const uint8_t *wasm, size_t length) {
  ModuleReader module = sections(wasm, length), content;
  for (int id; (id = section(&module, &content)) >= 0;) {
    if (id == IMPORT && number(&content) > 0) return "the module imports something";
    if (id == TABLE && number(&content) > 1) return "the module has more than one table";
    if (id == MEMORY && !plainMemory(content)) return "the module's memory is not a single plain one";
    if ((id == ELEMENT || id == DATA) && !activeSegments(content, id)) return "the module has passive segments";
    if (id >= TAG) return "the module has sections that wasm3 doesn't know";
  }
  return 0;
}

ModuleReader moduleExports(const uint8_t *wasm, size_t length) {
  ModuleReader module = sections(wasm, length), content;
  for (int id; (id = section(&module, &content)) >= 0;) {
    if (id != EXPORT) continue;
    content.left = number(&content);
    return content;
  }
  return (ModuleReader){0, 0, 0};
}

int nextExport(ModuleReader *reader, ModuleExport *out) {
  if (reader->left == 0 || reader->at >= reader->end) return 0;
  reader->left--;
  uint32_t nameLength = number(reader);
  if (nameLength >= (size_t)(reader->end - reader->at)) return 0;
  *out = (ModuleExport){(const char *)reader->at, nameLength, reader->at[nameLength], 0};
  reader->at += nameLength + 1;
  out->index = number(reader);
  return 1;
}
