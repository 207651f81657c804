// Runs the program that was compiled in: each line of the input is `limit PAGES`, `NAME ARGUMENT…`, or `again HEX`, which
// loads it anew by that hash. Each is answered by a line: a number, or what went wrong.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "program.h"

static Program program;

static const char *load(const char *hex) {
  uint8_t hash[64];
  size_t length = strlen(hex) / 2;
  for (size_t i = 0; i < length && i < sizeof hash; i++) sscanf(hex + 2 * i, "%2hhx", &hash[i]);
  return programLoad(&program, hash, length, 0);
}

int main(void) {
  static char line[1024];
  while (fgets(line, sizeof line, stdin)) {
    char *name = strtok(line, " \n"), *word;
    if (strcmp(name, "again") == 0) {
      programFree(&program);
      const char *wrong = load(strtok(NULL, " \n"));
      puts(wrong ? wrong : "loaded");
      continue;
    }
    if (strcmp(name, "limit") == 0) {
      programLimit(&program, (uint32_t)atoi(strtok(NULL, " \n")));
      puts("limited");
      continue;
    }
    int32_t arguments[MAX_ARGUMENTS] = {0}, result = 0;
    uint32_t count = 0;
    while (count < MAX_ARGUMENTS && (word = strtok(NULL, " \n"))) arguments[count++] = (int32_t)strtol(word, NULL, 10);
    ProgramFunction *function = programFind(&program, name);
    const char *trap = function ? programCall(function, count, arguments, &result) : "no such function";
    if (trap) puts(trap);
    else printf("%d\n", (int)result);
  }
  programFree(&program);
  return 0;
}
