// Fetches a page through a proxy, and blinks meanwhile:
//
//     fetch URL PROXY PORT ROOTS [TOKEN [NAME]]
//
// ROOTS is a PEM file for both, the origin and the proxy; NAME is in the proxy's certificate. The page goes to standard output,
// the light to standard error.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "deputy.h"

enum { BLINK_MILLISECONDS = 100 };

static DeputyStatus outcome = DEPUTY_FAILED;
static int isOver;

static void say(const char *text) { boardWrite(1, text, strlen(text)); }

// This program admits the proxy to whatever it fetches, and to nothing that the proxy asks for by itself.
static DeputyGrant policy(void *context, const char *host, uint16_t port, const char *reason) {
  (void)context, (void)host, (void)port;
  return reason ? DEPUTY_DENY : DEPUTY_SESSION;
}

static void onHead(void *context, int status, const DeputyHeader headers[], size_t count) {
  (void)context, (void)headers, (void)count;
  char line[32];
  snprintf(line, sizeof line, "status %d\n", status);
  say(line);
}

static size_t onBytes(void *context, const uint8_t bytes[], size_t length) {
  (void)context;
  boardWrite(0, bytes, length);
  return length;
}

static void onEnd(void *context, DeputyStatus status, const char *code, const char *message) {
  (void)context;
  outcome = status;
  isOver = 1;
  if (status == DEPUTY_OK) return;
  say(deputyStatusText(status));
  say(": ");
  say(message);
  say(" (");
  say(code);
  say(")\n");
}

// The work that a firmware has beside: it must never wait for the network.
static void blink(void) {
  static uint64_t next;
  uint64_t now = boardNanoseconds() / 1000000;
  if (now < next) return;
  next = now + BLINK_MILLISECONDS;
  say("*");
}

int main(int count, char **arguments) {
  if (count < 5) {
    say("usage: fetch URL PROXY PORT ROOTS [TOKEN [NAME]]\n");
    return 2;
  }
  size_t rootsLength;
  char *roots = (char *)boardFile(arguments[4], &rootsLength);
  const char *wrong = boardNetwork();
  if (!roots || wrong) {
    say(roots ? wrong : "ROOTS can't be read");
    say("\n");
    return 1;
  }
  const DeputyProxy proxy = {
      .host = arguments[2],
      .port = atoi(arguments[3]),
      .name = count > 6 ? arguments[6] : NULL,
      .token = count > 5 ? arguments[5] : NULL,
      .roots = roots,
      .rootsLength = rootsLength,
  };
  const DeputyOptions options = {.roots = roots, .rootsLength = rootsLength, .proxy = &proxy, .policy = policy};
  const DeputyRequest page = {.url = arguments[1], .handler = {.head = onHead, .take = onBytes, .end = onEnd}};
  int isEnding = 0;
  DeputyStatus status;
  Deputy *deputy = deputyOpen(&options, &status);
  if (deputy && !deputyFetch(deputy, &page)) status = DEPUTY_NO_MEMORY;
  while (status == DEPUTY_OK) {
    uint32_t wait;
    status = deputyPoll(deputy, &wait);
    blink();
    if (isOver && !isEnding) {
      isEnding = 1;
      deputyEnd(deputy);
      wait = 0;
    }
    if (status == DEPUTY_OK) boardWait(wait < BLINK_MILLISECONDS ? wait : BLINK_MILLISECONDS);
  }
  deputyClose(deputy);
  free(roots);
  if (status != DEPUTY_ENDED) {
    say(deputyStatusText(status));
    say("\n");
  }
  return outcome == DEPUTY_OK ? 0 : 1;
}
