// Arm semihosting: files, the console and the exit status of the machine that emulates or debugs the board.
// (Arm, Semihosting for AArch32 and AArch64, version 2.0.)
#ifndef DEPUTY_SEMIHOSTING_H
#define DEPUTY_SEMIHOSTING_H

#include <stddef.h>

/** Modes of fopen, numbered as §6.15 has them. */
enum { HOST_READ = 1, HOST_WRITE = 4, HOST_APPEND = 8 };

/** A handle, or -1. The name ":tt" is the console: its output when opened for writing, its errors for appending. */
int hostOpen(const char *name, int mode);
int hostClose(int handle);
/** Bytes that were NOT read or written. */
int hostRead(int handle, void *bytes, size_t length);
int hostWrite(int handle, const void *bytes, size_t length);
/** Length of a file, or -1. */
int hostLength(int handle);
/** The command line, program name included; 0 or -1. */
int hostCommandLine(char *text, size_t room);
void hostExit(int status) __attribute__((noreturn));

#endif
