// The Palm Tungsten|E: how to compile for it and how to run it under QEMU.
import { fileURLToPath } from 'node:url';

export const name = 'palm-tungsten-e';
export const title = 'Palm Tungsten|E, ARM925T';

export const compiler = 'arm-none-eabi-gcc';
export const cpu = [
  ...['-march=armv4t', '-marm', '-mfloat-abi=soft'],
  ...['-include', fileURLToPath(new URL('./aligned.h', import.meta.url))],
];
/** What Debian calls all that it takes. */
export const packages = ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi', 'qemu-system-arm', 'libslirp-dev'];
/** wasm3 with the operations of parts/wasm3, and the compiler's registers for itself. */
export const arm32 = true;
export const sources = ['start.c'];
/** Of boards/common. */
export const common = ['fault.c', 'semihosting.c', 'semihosted_syscalls.c'];
export const clientSources = ['serial_sleep.c', 'screen.c', 'keypad.c'];
/** Of boards/common, for the client. */
export const clientCommon = ['semihosted.c', 'semihosted_client.c', 'lwip/serial_line.c', 'lwip/sockets.c'];
export const lwip = true;
/** It has one, with keys: the client is a browser too. */
export const screen = true;

/** Bytes that the client may take. The linker holds the image and the heap to them. */
export const budget = { flash: 2 * 2 ** 20, ram: 6 * 2 ** 20 };
export const linkerScript = 'link.ld';

/** Where the board finds the machine that emulates it. */
export const hostAddress = '10.0.2.2';

/** There is no way in for a probe. */
export const flash = {
  instead: `A Palm Tungsten|E has no connector for a probe, and its ROM takes Palm OS's own updates alone. An image gets there from an
SD card by a loader that runs under Palm OS, as ports of Linux to Palms have: it must put deputy.bin to 0x10010000, switch
the MMU off, and jump there. npm run board -- palm-tungsten-e runs it on QEMU. Not tried on the physical board.`,
};

export const emulator = 'qemu-system-arm';

/** What the gateway's line carries: the emulator has no network that a serial line could lead to. */
export const network = 'slip';

/**
 * Arguments of the emulator. Each instruction takes one nanosecond of virtual time, so timers count instructions. `line`
 * is the file descriptor of the network, where the board has one.
 */
export const machine = (firmware: string, line?: number | string) => [
  ...['-machine', 'cheetah', '-icount', 'shift=0', '-display', 'none', '-monitor', 'none'],
  ...(line === undefined
    ? ['-serial', 'none']
    : ['-chardev', `socket,id=line,fd=${line}`, '-serial', 'chardev:line']),
  ...['-kernel', firmware],
];
