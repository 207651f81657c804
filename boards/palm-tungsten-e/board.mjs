// The Palm Tungsten|E: how to compile for it and how to run it under QEMU. It runs the benchmark.
import { fileURLToPath } from 'node:url';

export const name = 'palm-tungsten-e';
export const title = 'Palm Tungsten|E, ARM925T';

export const compiler = 'arm-none-eabi-gcc';
export const cpu = [
  ...['-march=armv4t', '-marm', '-mfloat-abi=soft'],
  ...['-include', fileURLToPath(new URL('./aligned.h', import.meta.url))],
];
/** wasm3 with its accumulator in registers, and the compiler's registers for itself. */
export const arm32 = true;
export const sources = ['start.c', 'syscalls.c'];
/** Of boards/common. */
export const common = ['semihosting.c'];
export const linkerScript = 'link.ld';

export const emulator = 'qemu-system-arm';

/** Arguments of the emulator. Each instruction takes one nanosecond of virtual time, so timers count instructions. */
export const machine = (firmware) => [
  ...['-machine', 'cheetah', '-icount', 'shift=0', '-display', 'none'],
  ...['-serial', 'none', '-monitor', 'none', '-kernel', firmware],
];
