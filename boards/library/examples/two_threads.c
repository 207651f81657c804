// Deputy in a thread of its own: another thread asks for pages and goes on with its work.
//
//     two_threads PROXY PORT ROOTS TOKEN URL…
//
// An instance belongs to one thread, here Deputy's: what the others want goes through a queue, and through a pipe that
// a firmware would have as an event of its RTOS. Pages are counted, not shown.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "board.h"
#include "deputy.h"

typedef struct Job {
  struct Job *next;
  const char *url;
  unsigned long bytes;
  DeputyStatus status;
  int isOver;
} Job;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static Job *wanted;
static int isStopping;

static DeputyGrant policy(void *context, const char *host, uint16_t port, const char *reason) {
  (void)context, (void)host, (void)port;
  return reason ? DEPUTY_DENY : DEPUTY_SESSION;
}

static size_t onBytes(void *context, const uint8_t bytes[], size_t length) {
  (void)bytes;
  ((Job *)context)->bytes += length;
  return length;
}

static void onEnd(void *context, DeputyStatus status, const char *code, const char *message) {
  (void)code, (void)message;
  Job *job = context;
  pthread_mutex_lock(&lock);
  job->status = status;
  job->isOver = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

// The longest that a new job waits: where the RTOS can wake boardWait, it need not poll.
enum { PATIENCE = 10 };

static void *deputyThread(void *options) {
  DeputyStatus status;
  Deputy *deputy = deputyOpen(options, &status);
  for (int isEnding = 0; status == DEPUTY_OK;) {
    pthread_mutex_lock(&lock);
    Job *job = wanted;
    wanted = NULL;
    int stop = isStopping && !isEnding;
    pthread_mutex_unlock(&lock);
    for (Job *next; job; job = next) {
      next = job->next;
      const DeputyRequest request = {.url = job->url, .handler = {.take = onBytes, .end = onEnd, .context = job}};
      if (!deputyFetch(deputy, &request)) onEnd(job, DEPUTY_NO_MEMORY, "", "");
    }
    if (stop) {
      isEnding = 1;
      deputyEnd(deputy);
    }
    uint32_t wait;
    status = deputyPoll(deputy, &wait);
    if (status == DEPUTY_OK) boardWait(wait < PATIENCE ? wait : PATIENCE);
  }
  deputyClose(deputy);
  return status == DEPUTY_ENDED ? NULL : options;
}

static void ask(Job *job, const char *url) {
  *job = (Job){.url = url};
  pthread_mutex_lock(&lock);
  job->next = wanted;
  wanted = job;
  pthread_mutex_unlock(&lock);
}

static void await(Job *job) {
  pthread_mutex_lock(&lock);
  while (!job->isOver) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
}

int main(int count, char **arguments) {
  enum { MOST = 16 };
  static Job jobs[MOST];
  if (count < 6 || count - 5 > MOST) {
    fprintf(stderr, "usage: two_threads PROXY PORT ROOTS TOKEN URL...\n");
    return 2;
  }
  size_t rootsLength;
  char *roots = (char *)boardFile(arguments[3], &rootsLength);
  if (!roots || boardNetwork()) return 1;
  const DeputyProxy proxy = {arguments[1], atoi(arguments[2]), NULL, arguments[4], roots, rootsLength};
  DeputyOptions options = {.roots = roots, .rootsLength = rootsLength, .proxy = &proxy, .policy = policy};
  pthread_t thread;
  if (pthread_create(&thread, NULL, deputyThread, &options)) return 1;
  int failed = 0;
  for (int i = 5; i < count; i++) ask(&jobs[i - 5], arguments[i]);
  for (int i = 5; i < count; i++) {
    Job *job = &jobs[i - 5];
    await(job);
    printf("%s: %lu bytes, %s\n", job->url, job->bytes, deputyStatusText(job->status));
    failed |= job->status != DEPUTY_OK;
  }
  pthread_mutex_lock(&lock);
  isStopping = 1;
  pthread_mutex_unlock(&lock);
  void *wrong;
  pthread_join(thread, &wrong);
  free(roots);
  return failed || wrong;
}
