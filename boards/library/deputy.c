// One instance: an engine of its own, which runs inside of deputyPoll alone.
#include "deputy.h"
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "instance.h"

const char *deputyStatusText(DeputyStatus status) {
  static const char *const texts[] = {
      "all is well",
      "no memory is left",
      "the board has no entropy",
      "an option is malformed, or missing",
      "this call is not allowed here, or not any more",
      "the other side can't be reached",
      "a certificate is not to be trusted",
      "TLS failed",
      "the policy denies it",
      "the proxy refuses, or breaks its protocol",
      "the other side is too slow",
      "the answer broke off, and is not whole",
      "the answer can't be understood",
      "cancelled",
      "the instance has ended",
      "a fault of Deputy's own; please report it",
  };
  return (size_t)status < sizeof texts / sizeof *texts ? texts[status] : texts[DEPUTY_FAILED];
}

// Whatever state the engine is in: nothing of it runs any more.
static void release(Deputy *it) {
  nativeAbandon(&it->machine.native);
  keptAbandon(&it->memory);
  it->machine.runtime = NULL;
}

static void abandon(Deputy *it, DeputyStatus status) {
  it->status = status;
  release(it);
  exchangesAbandon(it, status, status == DEPUTY_NO_MEMORY ? "NO_MEMORY" : "FAILED");
}

static int hasText(const char *text) { return text && *text; }

static DeputyStatus optionsStatus(const DeputyOptions *options) {
  const DeputyProxy *proxy = options->proxy;
  if (!hasText(options->roots) || !options->rootsLength) return DEPUTY_BAD_OPTION;
  if (!proxy) return DEPUTY_OK;
  int whole = hasText(proxy->host) && proxy->port && hasText(proxy->roots) && proxy->rootsLength;
  return whole ? DEPUTY_OK : DEPUTY_BAD_OPTION;
}

static int begin(Deputy *it, const DeputyOptions *options) {
  Machine *machine = &it->machine;
  if (machineOpen(machine, keptRuntime(&it->memory), 0, NULL)) return -1;
  JSContext *context = machine->context;
  machine->native.owner = it;
  JSValue library = libraryObject(context, options);
  JSValue global = JS_GetGlobalObject(context);
  JSValue board = JS_GetPropertyStr(context, global, "board");
  int set = JS_IsException(library) ? -1 : JS_SetPropertyStr(context, board, "library", library);
  JS_FreeValue(context, board);
  JS_FreeValue(context, global);
  return set < 0 ? -1 : machineStart(machine);
}

Deputy *deputyOpen(const DeputyOptions *options, DeputyStatus *status) {
  *status = optionsStatus(options);
  Deputy *it = *status == DEPUTY_OK ? calloc(1, sizeof *it) : NULL;
  if (!it) {
    if (*status == DEPUTY_OK) *status = DEPUTY_NO_MEMORY;
    return NULL;
  }
  it->calls = JS_UNDEFINED;
  it->policy = options->policy;
  it->context = options->context;
  if (setjmp(it->memory.exhausted)) {
    abandon(it, *status = DEPUTY_NO_MEMORY);
    free(it);
    return NULL;
  }
  it->isRunning = 1;
  int wrong = begin(it, options);
  it->isRunning = 0;
  if (!wrong) return it;
  machineComplain(&it->machine);
  *status = DEPUTY_FAILED;
  abandon(it, *status);
  free(it);
  return NULL;
}

// Inside of the engine. Gives what the instance is in afterwards.
static DeputyStatus run(Deputy *it, uint32_t *milliseconds) {
  Machine *machine = &it->machine;
  // Called from wherever the caller's stack is now.
  JS_UpdateStackTop(machine->runtime);
  int32_t wait = 0;
  int wrong = exchangesBegin(it);
  if (!wrong && it->isEnding && !it->toldToEnd) {
    it->toldToEnd = 1;
    JSAtom atom = JS_NewAtom(machine->context, "close");
    JSValue result = JS_Invoke(machine->context, it->calls, atom, 0, NULL);
    JS_FreeAtom(machine->context, atom);
    wrong = JS_IsException(result);
    JS_FreeValue(machine->context, result);
  }
  Turn turn = wrong ? TURN_FAILED : machineTurn(machine, &wait);
  if (turn == TURN_FAILED) {
    machineComplain(machine);
    return DEPUTY_FAILED;
  }
  *milliseconds = wait < 0 ? DEPUTY_NEVER : (uint32_t)wait;
  return turn == TURN_EXIT ? DEPUTY_ENDED : DEPUTY_OK;
}

DeputyStatus deputyPoll(Deputy *it, uint32_t *milliseconds) {
  *milliseconds = DEPUTY_NEVER;
  if (it->isRunning) return DEPUTY_BAD_CALL;
  if (it->status != DEPUTY_OK) return it->status;
  if (setjmp(it->memory.exhausted)) {
    abandon(it, DEPUTY_NO_MEMORY);
    it->isRunning = 0;
    return it->status;
  }
  it->isRunning = 1;
  DeputyStatus status = run(it, milliseconds);
  if (status == DEPUTY_FAILED) abandon(it, status);
  it->status = status;
  exchangesSweep(it);
  it->isRunning = 0;
  // What a handler asked for meanwhile has not begun.
  for (DeputyExchange *each = it->exchanges; each; each = each->next)
    if (!each->begun || (each->cancelled && !each->told)) *milliseconds = 0;
  if (it->isEnding && !it->toldToEnd) *milliseconds = 0;
  return status;
}

void deputyEnd(Deputy *it) { it->isEnding = 1; }

void deputyClose(Deputy *it) {
  if (!it || it->isRunning) return;
  if (it->status == DEPUTY_OK) it->status = DEPUTY_ENDED;
  exchangesAbandon(it, DEPUTY_CANCELLED, "CANCELLED");
  if (it->machine.runtime) release(it);
  free(it);
}
