// This machine as a board for bench.c: files and the console are its own. Valgrind counts the instructions of what
// `boardNanoseconds` encloses (machine.ts), so the clock itself tells nothing.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>
#include "board.h"
#include "semihosting.h"

enum { FILES = 8 };

static FILE *files[FILES];
static int argumentCount;
static char **arguments;

__attribute__((constructor)) static void keepArguments(int count, char **values) {
  argumentCount = count;
  arguments = values;
}

int hostOpen(const char *name, int mode) {
  for (int i = 0; i < FILES; i++) {
    if (files[i]) continue;
    files[i] = fopen(name, mode == HOST_READ ? "rb" : "wb");
    return files[i] ? i : -1;
  }
  return -1;
}

int hostClose(int handle) {
  int wrong = handle < 0 || handle >= FILES || !files[handle] || fclose(files[handle]) != 0;
  if (!wrong) files[handle] = NULL;
  return wrong ? -1 : 0;
}

int hostRead(int handle, void *bytes, size_t length) { return length - fread(bytes, 1, length, files[handle]); }

int hostWrite(int handle, const void *bytes, size_t length) { return length - fwrite(bytes, 1, length, files[handle]); }

int hostLength(int handle) {
  long length = fseek(files[handle], 0, SEEK_END) == 0 ? ftell(files[handle]) : -1;
  rewind(files[handle]);
  return length;
}

int hostCommandLine(char *text, size_t room) {
  if (argumentCount != 2) return -1;
  return (size_t)snprintf(text, room, "bench %s", arguments[1]) < room ? 0 : -1;
}

void hostExit(int status) { exit(status); }

uint64_t boardNanoseconds(void) { return 0; }

size_t boardHeapPeak(void) { return mallinfo2().uordblks; }
