// What deputy.c and exchange.c share of an instance.
#ifndef DEPUTY_INSTANCE_H
#define DEPUTY_INSTANCE_H

#include "deputy.h"
#include "kept_memory.h"
#include "machine.h"

struct DeputyExchange {
  DeputyExchange *next;
  Deputy *deputy;
  uint32_t id;
  DeputyHandler handler;
  // Copies of what was asked for; freed once the script has it.
  char *method, *url, *host, *alpn, *startTls;
  DeputyHeader *headers;
  size_t headerCount;
  uint8_t *body;
  size_t bodyLength;
  uint16_t port;
  int isStream, begun, cancelled, told, over;
};

struct Deputy {
  Machine machine;
  KeptMemory memory;
  JSValue calls;  // what the script offers: LibraryCalls of library.ts
  DeputyExchange *exchanges;
  uint32_t lastId;
  DeputyGrant (*policy)(void *context, const char *host, uint16_t port, const char *reason);
  void *context;
  DeputyStatus status;
  int isRunning, isEnding, toldToEnd;
};

/** The object `library` of library.ts, all of exchange.c included. JS_EXCEPTION where it fails. */
JSValue libraryObject(JSContext *context, const DeputyOptions *options);

/** Gives the script what was asked for since. Returns 0, or -1 with an exception. */
int exchangesBegin(Deputy *deputy);

/** Frees those whose end was told. */
void exchangesSweep(Deputy *deputy);

/** Tells the end of all that are left, and frees them. */
void exchangesAbandon(Deputy *deputy, DeputyStatus status, const char *code);

/** Adds what the script calls of an exchange to `library`. */
void exchangeFunctions(JSContext *context, JSValueConst library);

/** The parts of a text between its commas; none of NULL. */
JSValue listOf(JSContext *context, const char *text);

/** Sets a property, where there is a text. */
void setText(JSContext *context, JSValueConst object, const char *name, const char *text);

#endif
