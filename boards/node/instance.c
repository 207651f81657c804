#include "instance.h"
#include <stdlib.h>
#include "m3_env.h"

// Overwrites what may hold secrets; volatile, so that no compiler finds it useless before a free.
static void wipe(void *bytes, size_t length) {
  volatile uint8_t *at = bytes;
  while (length-- > 0) *at++ = 0;
}

void freeProgram(Instance *it) {
  if (it->runtime) {
    if (it->runtime->memory.mallocated) wipe(it->data, it->length);
    wipe(it->runtime->stack, it->runtime->numStackSlots * sizeof(m3slot_t));
  }
  m3_FreeRuntime(it->runtime);
  m3_FreeEnvironment(it->environment);
  free(it->wasm);
  it->runtime = NULL;
  it->environment = NULL;
  it->wasm = NULL;
}

void detach(napi_env env, Instance *it) {
  napi_value buffer = NULL;
  if (!it->buffer) return;
  if (napi_get_reference_value(env, it->buffer, &buffer) == napi_ok && buffer) napi_detach_arraybuffer(env, buffer);
  napi_delete_reference(env, it->buffer);
  it->buffer = NULL;
}

void freeWhenUnused(Instance *it) {
  if (it->functions > 0 || it->buffers > 0) return;
  freeProgram(it);
  free(it);
}

void bufferCollected(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  Instance *it = hint;
  it->buffers--;
  freeWhenUnused(it);
}

void functionCollected(napi_env env, Instance *it) {
  it->functions--;
  // The ArrayBuffer may outlive the functions: JavaScript can still read it, so the program stays until it goes too.
  if (it->functions == 0 && it->buffer) {
    napi_delete_reference(env, it->buffer);
    it->buffer = NULL;
  }
  freeWhenUnused(it);
}

void refreshMemory(napi_env env, Instance *it) {
  uint32_t length = 0;
  uint8_t *data = m3_GetMemory(it->runtime, &length, 0);
  if (data == it->data && length == it->length) return;
  detach(env, it);
  it->data = data;
  it->length = length;
}
