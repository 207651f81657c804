// What a server sends, from the first byte to the last. The input:
//   u8  versions, and what was configured    u8  what the application does once it may
//   u16 length of a session block, and it    the server's bytes
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

enum { OUTPUT_PENDING = 1, PLAINTEXT_ROOM = 4, PLAINTEXT_READY = 8, HANDSHAKE_DONE = 16, CLOSED = 32, FAILED = 128 };
enum { ALPN = 4, CLIENT_CERTIFICATE = 8, CONFIGURATIONS = 16 };
enum { WRITE, UPDATE_KEYS, CLOSE, DELIVER_EPOCH, DELIVER_SESSION, DELIVER_RESUME, OBSERVE, TAKE_SESSION, ACTIONS };

/** As test/fuzz/flights.ts has them, which makes flights for these very hellos. */
#define TIME 1796100000u
static const char NAME[] = "origin.test";
static const uint8_t ENTROPY = 0x5e;

static Snapshot *fresh;
static uint32_t scratch, trust, connection, blocksAtFirst;
#define SCRATCH 8192

static uint32_t put(const void *bytes, size_t length) {
  putBytes(scratch, bytes, length);
  return scratch;
}

static void must(int32_t result, const char *what) {
  if (result < 0) {
    fprintf(stderr, "%s: %d\n", what, result);
    exit(1);
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  startProgram();
  scratch = CALL(allocate, SCRATCH);
  uint8_t entropy[48];
  memset(entropy, ENTROPY, sizeof entropy);
  must((int32_t)CALL(seed, put(entropy, sizeof entropy), sizeof entropy), "seed");
  trust = CALL(trustNew);
  size_t length;
  uint8_t *root = readFile("root.der", &length);
  must((int32_t)CALL(trustAdd, trust, put(root, length), (uint32_t)length), "trustAdd");
  free(root);
  fresh = takeSnapshot();
  blocksAtFirst = blocksTaken();
  return 0;
}

static void configureCertificate(void) {
  size_t length, keyLength;
  uint8_t *chain = readFile("client.chain", &length);
  uint8_t *key = readFile("client.key", &keyLength);
  putBytes(scratch + 4096, key, keyLength);
  must((int32_t)CALL(configureClientCertificate, connection, put(chain, length), (uint32_t)length, scratch + 4096,
                     (uint32_t)keyLength),
       "configureClientCertificate");
  free(chain);
  free(key);
}

static void configure(uint8_t kind) {
  static const uint32_t least[4] = {0x303, 0x304, 0x303, 0x300}, most[4] = {0x304, 0x304, 0x303, 0x304};
  connection = CALL(connectionNew);
  must((int32_t)CALL(configureServerName, connection, put(NAME, sizeof NAME - 1), sizeof NAME - 1), "name");
  must((int32_t)CALL(configureTrust, connection, trust), "trust");
  must((int32_t)CALL(configureTime, connection, TIME), "time");
  if (kind & ALPN) must((int32_t)CALL(configureAlpn, connection, put("\x08http/1.1", 9), 9), "alpn");
  if ((kind & 3) == 3) must((int32_t)CALL(configureLegacy, connection, 1), "legacy");
  must((int32_t)CALL(configureVersions, connection, least[kind & 3], most[kind & 3]), "versions");
  if (kind & CLIENT_CERTIFICATE) configureCertificate();
}

/** A connection whose ClientHello is made; 0 where the session block can't be used. */
static int begin(uint8_t kind, const uint8_t *session, size_t length) {
  static Snapshot *started[CONFIGURATIONS];
  if (length == 0) {
    static uint32_t addresses[CONFIGURATIONS];
    if (started[kind] == NULL) {
      restoreSnapshot(fresh);
      configure(kind);
      must((int32_t)CALL(start, connection), "start");
      addresses[kind] = connection;
      started[kind] = takeSnapshot();
    }
    restoreSnapshot(started[kind]);
    connection = addresses[kind];
    return 1;
  }
  restoreSnapshot(fresh);
  configure(kind);
  if ((int32_t)CALL(configureSession, connection, put(session, length), (uint32_t)length) < 0) return 0;
  must((int32_t)CALL(start, connection), "start");
  return 1;
}

static void writePlaintext(void) {
  static const char request[] = "GET / HTTP/1.1\r\n\r\n";
  uint32_t room = CALL(plaintextRoomLength, connection);
  if (room < sizeof request - 1) return;
  putBytes(CALL(plaintextRoom, connection), request, sizeof request - 1);
  CALL(plaintextWritten, connection, sizeof request - 1);
}

/** Once, when the handshake is done; `rest` is what the server still sends. */
static void act(uint8_t action, const uint8_t *rest, size_t length) {
  switch (action % ACTIONS) {
    case WRITE: writePlaintext(); break;
    case UPDATE_KEYS: CALL(keyUpdate, connection, 1); break;
    case CLOSE: CALL(close, connection); break;
    case DELIVER_EPOCH:
      if ((int32_t)CALL(deliver, connection, 2, scratch, 512) >= 0) CALL(takeBack, connection, 1, 1);
      break;
    case DELIVER_SESSION: CALL(deliver, connection, 3, scratch, 512); break;
    case DELIVER_RESUME: {
      if ((int32_t)CALL(deliver, connection, 4, scratch, 512) < 0) break;
      CALL(retire, connection);
      uint32_t message = (uint32_t)(length > SCRATCH ? SCRATCH : length);
      CALL(ticketImport, connection, put(rest, message), message, TIME);
      CALL(sessionTake, connection, scratch, SCRATCH);
      break;
    }
    case OBSERVE: CALL(deliver, connection, 1, scratch, 512); break;
    default: CALL(sessionTake, connection, scratch, SCRATCH);
  }
}

static void drive(uint8_t action, const uint8_t *bytes, size_t length) {
  int acted = 0;
  for (;;) {
    uint32_t sent = CALL(outputLength, connection);
    if ((int32_t)sent < 0) failTarget("the output has a negative length");
    readBytes(CALL(outputPending, connection), sent);
    if (sent > 0) CALL(outputSent, connection, sent);
    uint32_t flags = CALL(flags, connection);
    if (flags & PLAINTEXT_READY) {
      uint32_t ready = CALL(plaintextLength, connection);
      readBytes(CALL(plaintextReady, connection), ready);
      CALL(plaintextTaken, connection, ready);
      continue;
    }
    if (flags & FAILED) {
      if (!(flags & CLOSED)) failTarget("a connection failed and is not closed");
      if ((int32_t)CALL(inputRoomLength, connection) > 0) failTarget("a connection failed and reads on");
      return;
    }
    if ((flags & HANDSHAKE_DONE) && !acted) {
      acted = 1;
      act(action, bytes, length);
      continue;
    }
    uint32_t room = CALL(inputRoomLength, connection);
    if ((int32_t)room <= 0 || length == 0) return;
    if (room > length) room = (uint32_t)length;
    putBytes(CALL(inputRoom, connection), bytes, room);
    bytes += room;
    length -= room;
    int32_t result = (int32_t)CALL(inputReceived, connection, room);
    if (result < 0 && (int32_t)CALL(lastError, connection) == 0) failTarget("an error is not remembered");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length < 4) return -1;
  uint8_t kind = bytes[0] % CONFIGURATIONS, action = bytes[1];
  size_t session = (size_t)bytes[2] << 8 | bytes[3];
  if (session > length - 4 || session > SCRATCH) return -1;
  if (begin(kind, bytes + 4, session)) {
    drive(action, bytes + 4 + session, length - 4 - session);
    CALL(inputEnded, connection);
    CALL(sessionTake, connection, scratch, SCRATCH);
  }
  CALL(connectionFree, connection);
  if (blocksTaken() != blocksAtFirst) failTarget("a connection that was freed left blocks behind");
  return 0;
}
