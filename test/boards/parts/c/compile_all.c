// Compiles every function of a wasm file by wasm3, as the first call of each does.
#include <stdio.h>

#include "m3_env.h"
#include "wasm3.h"

int main(int argc, char **argv) {
  static uint8_t wasm[1 << 20];
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) return 2;
  size_t length = fread(wasm, 1, sizeof wasm, file);
  fclose(file);
  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, 16384, NULL);
  IM3Module module;
  M3Result failure = m3_ParseModule(environment, &module, wasm, (uint32_t)length);
  if (!failure) failure = m3_LoadModule(runtime, module);
  if (!failure) failure = m3_CompileModule(module);
  if (failure) {
    fprintf(stderr, "%s\n", failure);
    return 1;
  }
  printf("%u functions\n", module->numFunctions);
  m3_FreeRuntime(runtime);
  m3_FreeEnvironment(environment);
  return 0;
}
