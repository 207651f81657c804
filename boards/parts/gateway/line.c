// How packets lie on the line: SLIP (RFC 1055) as a serial line has it, or QEMU's framing of Ethernet on a stream.
#include <errno.h>
#include <sys/socket.h>
#include "gateway.h"
#include "impairment.h"

enum { END = 0xc0, ESC = 0xdb, ESC_END = 0xdc, ESC_ESC = 0xdd };
enum { LENGTH = 4 };

static int line;
static LineKind kind;

void lineOpen(int file, LineKind carried) {
  line = file;
  kind = carried;
}

static void sendBytes(const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(line, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // The emulator has ended; waitpid says so soon.
    if (sent <= 0) return;
    bytes += sent;
    length -= sent;
  }
}

void lineSend(const uint8_t *packet, size_t length) {
  uint8_t frame[2 * MAX_PACKET + 2];
  size_t at = 0;
  if (length > MAX_PACKET) return;
  if (kind == ETHERNET) {
    const uint8_t head[LENGTH] = {0, 0, length >> 8, length};
    sendBytes(head, sizeof head);
    sendBytes(packet, length);
    return;
  }
  frame[at++] = END;
  for (size_t i = 0; i < length; i++) {
    if (packet[i] == END || packet[i] == ESC) {
      frame[at++] = ESC;
      frame[at++] = packet[i] == END ? ESC_END : ESC_ESC;
    } else {
      frame[at++] = packet[i];
    }
  }
  frame[at++] = END;
  sendBytes(frame, at);
}

// What has come of a packet. One that is too long is dropped whole.
static uint8_t packet[MAX_PACKET];
static size_t held;

static void keep(uint8_t byte) {
  if (held < MAX_PACKET) packet[held] = byte;
  held++;
}

// True behind the last byte of a packet.
static int slipByte(uint8_t byte) {
  static int escaped;
  if (byte == END) {
    escaped = 0;
    return 1;
  }
  if (byte == ESC) {
    escaped = 1;
    return 0;
  }
  keep(escaped ? (byte == ESC_END ? END : byte == ESC_ESC ? ESC : byte) : byte);
  escaped = 0;
  return 0;
}

static int ethernetByte(uint8_t byte) {
  static uint32_t expected, headed;
  if (headed < LENGTH) {
    expected = expected << 8 | byte;
    headed++;
    return 0;
  }
  keep(byte);
  if (held < expected) return 0;
  headed = 0;
  return 1;
}

void lineReceived(const uint8_t *bytes, size_t length, void (*take)(const uint8_t *, size_t)) {
  for (size_t i = 0; i < length; i++) {
    if (!(kind == SLIP ? slipByte : ethernetByte)(bytes[i])) continue;
    if (held > 0 && held <= MAX_PACKET) take(packet, held);
    held = 0;
  }
}
