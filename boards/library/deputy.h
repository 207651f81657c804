// Deputy in a firmware of yours: pages and streams of real HTTPS origins, with a proxy's help as far as you grant it.
//
// Event driven: deputyPoll does what can be done now and never blocks; your functions are called from there alone, and may
// call all of these but deputyOpen, deputyPoll, deputyEnd and deputyClose. The network, the clock, entropy and storage come
// through board.h, which your port implements (boardNetwork and boardFile are not used here, boardWait is yours to use).
//
// An instance belongs to one thread at a time, and so do the sockets of a port; several instances in it share nothing else.
// It needs a stack of boardStackSize() and 16 KiB more, the C library's malloc, free, setjmp, mem*, str*, snprintf, strtod,
// localtime and libm, and the heap that MAP.txt beside the library tells of.
#ifndef DEPUTY_H
#define DEPUTY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  DEPUTY_OK,
  DEPUTY_NO_MEMORY,    // the heap is exhausted: the instance has ended and given all back
  DEPUTY_NO_ENTROPY,   // the port has none: nothing is safe without
  DEPUTY_BAD_OPTION,   // something that you gave is malformed, or is missing
  DEPUTY_BAD_CALL,     // not allowed here, or not any more
  DEPUTY_NO_CONNECTION,  // a name or an address can't be reached
  DEPUTY_NOT_TRUSTED,  // a certificate does not lead to your roots, or is not for that name
  DEPUTY_TLS,          // the handshake or a record failed otherwise
  DEPUTY_DENIED,       // your policy denies it
  DEPUTY_PROXY,        // the proxy refuses, or breaks the protocol
  DEPUTY_TIMEOUT,      // the other side is too slow
  DEPUTY_INCOMPLETE,   // the answer broke off: what came is not whole
  DEPUTY_BAD_ANSWER,   // the origin's answer is no HTTP that can be read in one way only
  DEPUTY_CANCELLED,    // by you
  DEPUTY_ENDED,        // the instance has ended, as you asked
  DEPUTY_FAILED        // a fault of Deputy's own: please report it
} DeputyStatus;

/** In English, never NULL. */
const char *deputyStatusText(DeputyStatus status);

/** What the proxy may do with one session; each includes those before it (but `observe` reads alone, and later). */
typedef enum {
  DEPUTY_DENY,
  DEPUTY_OBSERVE,
  DEPUTY_EPOCH,
  DEPUTY_SESSION,
  DEPUTY_RESUME,
  DEPUTY_FULL
} DeputyGrant;

typedef struct {
  const char *host;  // a name or an address
  uint16_t port;
  const char *name;   // in its certificate; NULL: `host`
  const char *token;  // NULL: none
  const char *roots;  // PEM: what its certificate must lead to
  size_t rootsLength;
} DeputyProxy;

/** What the device shows: the proxy's services fit pages to it. Media types are separated by commas, best first. */
typedef struct {
  const char *name;
  uint16_t screenWidth, screenHeight;
  uint8_t colourDepth;   // bits a pixel: 1, 2, 4, 8, 16, 24 or 32
  int colour, styles;    // no greys; applies style sheets
  const char *markup, *pictures, *charset;
  uint16_t memory;       // KiB for a page with its pictures
} DeputyProfile;

/** All of it is copied, but for `context`. */
typedef struct {
  const char *roots;  // PEM: what the origins' certificates must lead to
  size_t rootsLength;
  const DeputyProxy *proxy;  // NULL: to the origins directly
  /**
   * How far the proxy is admitted to an origin. `reason`: why it asks for it, for parts of a page; NULL where you ask
   * yourself. NULL for the function: deny.
   */
  DeputyGrant (*policy)(void *context, const char *host, uint16_t port, const char *reason);
  int undelegated;           // origins that the policy denies are reached end to end, through the proxy's blind tunnel
  const DeputyProfile *profile;  // NULL: a handheld of 320 x 320
  uint32_t timeout;          // milliseconds for each wait; 0: Deputy's own
  void *context;             // of `policy`
} DeputyOptions;

typedef struct Deputy Deputy;
typedef struct DeputyExchange DeputyExchange;

typedef struct {
  const char *name, *value;
} DeputyHeader;

/** What `give` gives beside a count. */
enum { DEPUTY_LATER = 0, DEPUTY_END = -1 };

/** What is yours of an exchange. A function that is NULL is not called. */
typedef struct {
  /** The answer's head, redirects followed. A stream that stands has status 0 and no headers. */
  void (*head)(void *context, int status, const DeputyHeader headers[], size_t count);
  /** Takes bytes that came, and returns how many: the rest is offered again within 20 ms, and nothing more comes before. */
  size_t (*take)(void *context, const uint8_t bytes[], size_t length);
  /** Gives bytes to send: at most `room`, DEPUTY_LATER (it is asked again within 20 ms) or DEPUTY_END. */
  long (*give)(void *context, uint8_t out[], size_t room);
  /** The last call. `code` and `message` tell more, as ERRORS.md lists; empty where the status is DEPUTY_OK. */
  void (*end)(void *context, DeputyStatus status, const char *code, const char *message);
  void *context;
} DeputyHandler;

/** All of it is copied. */
typedef struct {
  const char *method;  // NULL: GET
  const char *url;     // https: and absolute
  const DeputyHeader *headers;
  size_t headerCount;
  const uint8_t *body;  // of known length, kept until it is sent; NULL: what `give` gives, in chunks, or none where that is NULL
  size_t bodyLength;
  DeputyHandler handler;
} DeputyRequest;

/** Bytes of another protocol, both ways. */
typedef struct {
  const char *host;
  uint16_t port;
  const char *alpn;      // protocols to offer, separated by commas; NULL: none
  const char *startTls;  // `smtp`, `imap`, `pop3` or `ftp`: spoken to without TLS first; NULL: TLS from the first byte on
  DeputyHandler handler;
} DeputyStreamRequest;

/** NULL where it fails; `status` says why then. */
Deputy *deputyOpen(const DeputyOptions *options, DeputyStatus *status);

/** Begins at the next deputyPoll. NULL where there is no memory, or the instance has ended. Valid until `end` was called. */
DeputyExchange *deputyFetch(Deputy *deputy, const DeputyRequest *request);
DeputyExchange *deputyStream(Deputy *deputy, const DeputyStreamRequest *request);

/** Breaks it off: `end` comes from the next deputyPoll, with DEPUTY_CANCELLED. */
void deputyCancel(DeputyExchange *exchange);

/** What deputyPoll gives for `milliseconds` where nothing is under way. */
#define DEPUTY_NEVER UINT32_MAX

/**
 * Does what can be done. Call it again when one of the port's sockets may have something to say, at the latest after
 * `milliseconds` (boardWait waits for both), and at once after deputyFetch, deputyStream, deputyCancel and deputyEnd.
 * Anything but DEPUTY_OK says that the instance has ended: deputyClose is left to call.
 */
DeputyStatus deputyPoll(Deputy *deputy, uint32_t *milliseconds);

/** Ends in order, and tells the proxy. deputyPoll gives DEPUTY_ENDED when that is done. */
void deputyEnd(Deputy *deputy);

/** Breaks off what is under way (`end` comes with DEPUTY_CANCELLED), wipes and frees. NULL does nothing. */
void deputyClose(Deputy *deputy);

#ifdef __cplusplus
}
#endif

#endif
