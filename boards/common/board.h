// The port interface: all that a board gives to the programs that run on it, and the whole of what a port to another
// board or RTOS has to write. boards/linux is its plainest example. A board for the benchmark alone needs the first part.
//
// One thread calls all of these; none blocks but boardWait. Texts are UTF-8.
#ifndef DEPUTY_BOARD_H
#define DEPUTY_BOARD_H

#include <stddef.h>
#include <stdint.h>

// --- Every board. Allocation is the C library's malloc, over whatever heap the board has.

/**
 * Nanoseconds since start by the board's timer. Under QEMU's `-icount shift=0` each instruction takes one, so a
 * difference is a count of instructions, to the timer's resolution.
 */
uint64_t boardNanoseconds(void);

/** Most bytes of heap that the C library ever took from the board. */
size_t boardHeapPeak(void);

// --- Boards that run the client.

/** Milliseconds since 1970 by the clock that certificates are judged by; 0 where the time is not known. */
uint64_t boardUnixTime(void);

/**
 * Fills `out` with unpredictable bytes, fit to seed a generator of keys. Returns 0, or -1 where there is no entropy: the
 * client then refuses to start. A byte must never be given twice.
 */
int boardEntropy(uint8_t *out, size_t length);

/** Writes to the console: `error` is 0 for what a program prints, 1 for what it says about its work. */
void boardWrite(int error, const void *bytes, size_t length);

/** A whole file of the board's storage in fresh memory from malloc; NULL where there is none. */
uint8_t *boardFile(const char *name, size_t *length);

/** Bytes of C stack that the JavaScript engine may use, counted from where the main loop starts. */
size_t boardStackSize(void);

/** Brings the network up. Returns what went wrong, NULL when all is well. */
const char *boardNetwork(void);

/** Moves what the network has to move; called before each turn of the main loop. Empty where a system does it. */
void boardPoll(void);

/** Waits until a socket may have something to say, at the latest for so many milliseconds. */
void boardWait(uint32_t milliseconds);

/** Nanoseconds of boardNanoseconds in which boardNetwork and boardWait slept. */
uint64_t boardSlept(void);

typedef struct BoardSocket BoardSocket;

/** What a socket's functions give beside a count of bytes, which is 0 for "nothing now, ask again after boardWait". */
enum { BOARD_END = -1, BOARD_FAILED = -2 };

/** Begins to open TCP to a name or an address. NULL where there is no memory or no socket for it. */
BoardSocket *boardConnect(const char *host, uint16_t port);

/** 1 once TCP is open, 0 while it is being opened, BOARD_FAILED. */
int boardConnected(BoardSocket *socket);

/** Takes what has come, at most `room` bytes. BOARD_END after the peer's last byte. */
long boardReceive(BoardSocket *socket, uint8_t *out, size_t room);

/** Queues bytes to be sent, as many as there is room for. They may be overwritten afterwards. */
long boardSend(BoardSocket *socket, const uint8_t *bytes, size_t length);

/** Why a function gave BOARD_FAILED. */
const char *boardSocketError(BoardSocket *socket);

/** Closes both directions, after what is queued, and frees the socket. */
void boardClose(BoardSocket *socket);

// --- Boards with storage of their own: `native_storage.c` in board.ts. What is kept may be secret: tickets, a token.

/**
 * Keeps `length` bytes under `key` over a restart, in the place of what was there; none: forgets it. A key is 1 to 32 of a to z,
 * 0 to 9 and '-'. Where power fails meanwhile, either all of the old bytes are there afterwards or all of the new. Returns 0, or
 * -1 where they are not kept.
 */
int boardStore(const char *key, const uint8_t *bytes, size_t length);

/** What is kept under `key`, in fresh memory from malloc; NULL where nothing is. */
uint8_t *boardLoad(const char *key, size_t *length);

// --- Boards with a screen and keys: `screen` in board.ts.

typedef struct {
  /** Rows from the top without gaps: 5 bits of red, 6 of green, 5 of blue. What is written here is shown. */
  uint16_t *pixels;
  int width, height;
} BoardScreen;

/** Starts the screen, white. Called once. */
BoardScreen boardScreen(void);

typedef enum { KEY_NONE, KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_SELECT, KEY_BACK, KEY_RELOAD, KEY_QUIT } BoardKey;

/** A key that was pressed since the last call. Asked for every few dozen milliseconds. */
BoardKey boardKey(void);

#endif
