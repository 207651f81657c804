// What a program may do with an instance, one thing a run: driver PROXY PORT ROOTS TOKEN WHAT ARGUMENTS…
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "board.h"
#include "deputy.h"

static DeputyOptions options;
static DeputyProxy proxy;

static DeputyGrant policy(void *context, const char *host, uint16_t port, const char *reason) {
  (void)context, (void)host, (void)port;
  return reason ? DEPUTY_DENY : DEPUTY_SESSION;
}

// One exchange, its bytes printed with what the handler was told.
typedef struct {
  const char *name;
  Deputy *deputy;
  DeputyExchange *exchange;
  const char *then;    // fetched from inside of the end
  const char *gives[4];
  int given, cancelsAtHead;
  size_t mouthful;     // most bytes to take at once; 0: all
  int calls, isOver;
} Talk;

static void fetch(Talk *talk, const char *method, const char *url);

static void head(void *context, int status, const DeputyHeader headers[], size_t count) {
  Talk *talk = context;
  printf("%s head %d\n", talk->name, status);
  for (size_t i = 0; i < count; i++)
    if (!strcasecmp(headers[i].name, "X-Test")) printf("%s X-Test %s\n", talk->name, headers[i].value);
  if (talk->cancelsAtHead) deputyCancel(talk->exchange);
}

static size_t take(void *context, const uint8_t bytes[], size_t length) {
  Talk *talk = context;
  size_t most = talk->mouthful && talk->mouthful < length ? talk->mouthful : length;
  // Every other time there is no room at all.
  if (talk->mouthful && ++talk->calls % 2) return 0;
  printf("%s took %.*s\n", talk->name, (int)most, (const char *)bytes);
  return most;
}

static long give(void *context, uint8_t out[], size_t room) {
  Talk *talk = context;
  const char *piece = talk->gives[talk->given];
  if (!piece) return DEPUTY_END;
  talk->given++;
  size_t length = strlen(piece);
  if (length > room) return DEPUTY_END;
  memcpy(out, piece, length);
  return length;
}

static void end(void *context, DeputyStatus status, const char *code, const char *message) {
  Talk *talk = context;
  (void)message;
  talk->isOver = 1;
  printf("%s end %s %s\n", talk->name, deputyStatusText(status), code);
  if (!talk->then) return;
  uint32_t wait;
  printf("%s poll inside: %s\n", talk->name, deputyStatusText(deputyPoll(talk->deputy, &wait)));
  deputyClose(talk->deputy);  // does nothing here
  const char *next = talk->then;
  talk->then = NULL;
  talk->isOver = 0;
  fetch(talk, "GET", next);
}

static DeputyHandler handlerOf(Talk *talk) {
  return (DeputyHandler){head, take, talk->gives[0] ? give : NULL, end, talk};
}

static void fetch(Talk *talk, const char *method, const char *url) {
  const DeputyHeader headers[] = {{"X-Asked", "yes"}};
  const DeputyRequest request = {.method = method, .url = url, .headers = headers, .headerCount = 1, .handler = handlerOf(talk)};
  talk->exchange = deputyFetch(talk->deputy, &request);
}

static Deputy *opened(void) {
  DeputyStatus status;
  Deputy *deputy = deputyOpen(&options, &status);
  if (!deputy) printf("open: %s\n", deputyStatusText(status));
  return deputy;
}

// Polls all until each talk is over. Gives the last status that was not OK.
static DeputyStatus run(Talk *talks[], int count) {
  for (;;) {
    uint32_t soonest = 1000;
    int over = 1;
    for (int i = 0; i < count; i++) {
      uint32_t wait;
      DeputyStatus status = deputyPoll(talks[i]->deputy, &wait);
      if (status != DEPUTY_OK) return status;
      if (wait < soonest) soonest = wait;
      over = over && talks[i]->isOver;
    }
    if (over) return DEPUTY_OK;
    boardWait(soonest);
  }
}

static void shut(Deputy *deputy) {
  if (!deputy) return;
  deputyEnd(deputy);
  DeputyStatus status = DEPUTY_OK;
  while (status == DEPUTY_OK) {
    uint32_t wait;
    status = deputyPoll(deputy, &wait);
    if (status == DEPUTY_OK) boardWait(wait < 100 ? wait : 100);
  }
  printf("shut: %s\n", deputyStatusText(status));
  if (deputyFetch(deputy, &(DeputyRequest){.url = "https://late/"})) printf("a late fetch began\n");
  deputyClose(deputy);
}

// --- Memory that runs out: the linker leads malloc, calloc and realloc here.

static long allowed = -1;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
static int spent(void) { return allowed >= 0 && allowed-- == 0 ? (allowed = 0, 1) : 0; }
void *__wrap_malloc(size_t size) { return spent() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return spent() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *block, size_t size) { return spent() ? NULL : __real_realloc(block, size); }

int main(int count, char **arguments) {
  if (count < 7) return 2;
  size_t rootsLength;
  char *roots = (char *)boardFile(arguments[3], &rootsLength);
  if (!roots || boardNetwork()) return 1;
  proxy = (DeputyProxy){arguments[1], atoi(arguments[2]), NULL, arguments[4], roots, rootsLength};
  options = (DeputyOptions){.roots = roots, .rootsLength = rootsLength, .proxy = &proxy, .policy = policy};
  const char *what = arguments[5], *url = arguments[6];
  setvbuf(stdout, NULL, _IOLBF, 0);
  Talk one = {.name = "one"}, two = {.name = "two"};
  if (!strcmp(what, "starve")) {
    // Each run has room for some more allocations than the last, until all goes well.
    long step = atol(arguments[7]), runs = 0;
    for (long room = 0;; room += step, runs++) {
      one = (Talk){.name = "one"};
      allowed = room;
      DeputyStatus status;
      one.deputy = deputyOpen(&options, &status);
      if (one.deputy) fetch(&one, "GET", url);
      if (one.deputy && one.exchange) status = run((Talk *[]){&one}, 1);
      allowed = -1;
      deputyClose(one.deputy);
      if (one.deputy && one.exchange && status == DEPUTY_OK) break;
      if (status != DEPUTY_NO_MEMORY && one.exchange) printf("%ld: %s\n", room, deputyStatusText(status));
    }
    printf("%s\n", runs > 20 ? "starved often" : "starved too seldom");
    free(roots);
    return 0;
  }
  one.deputy = opened();
  if (!strcmp(what, "post")) {
    one.gives[0] = "first ", one.gives[1] = "", one.gives[2] = "second";
    one.mouthful = 5;
    fetch(&one, "POST", url);
    run((Talk *[]){&one}, 1);
  } else if (!strcmp(what, "two")) {
    two.deputy = opened();
    fetch(&one, "GET", url);
    fetch(&two, "GET", url);
    run((Talk *[]){&one, &two}, 2);
    shut(two.deputy);
  } else if (!strcmp(what, "cancel")) {
    one.cancelsAtHead = 1;
    fetch(&one, "GET", url);
    run((Talk *[]){&one}, 1);
    one.cancelsAtHead = one.isOver = 0;
    fetch(&one, "GET", arguments[7]);
    run((Talk *[]){&one}, 1);
  } else if (!strcmp(what, "unborn")) {
    fetch(&one, "GET", url);
    deputyCancel(one.exchange);
    run((Talk *[]){&one}, 1);
  } else if (!strcmp(what, "again")) {
    one.then = url;
    fetch(&one, "GET", url);
    run((Talk *[]){&one}, 1);
  } else if (!strcmp(what, "stream")) {
    one.gives[0] = "hello", one.gives[1] = ", origin";
    const DeputyStreamRequest request = {.host = url, .port = atoi(arguments[7]), .handler = handlerOf(&one)};
    one.exchange = deputyStream(one.deputy, &request);
    run((Talk *[]){&one}, 1);
  } else if (!strcmp(what, "close")) {
    fetch(&one, "GET", url);
    uint32_t wait;
    deputyPoll(one.deputy, &wait);
    deputyClose(one.deputy);
    one.deputy = NULL;
  }
  shut(one.deputy);
  free(roots);
  return 0;
}
