// QEMU's RISC-V board `virt` with a 32-bit processor: how to compile for it and how to run it.

export const name = 'riscv32-virt';
export const title = 'RISC-V 32, QEMU virt';

export const compiler = 'riscv64-unknown-elf-gcc';
export const cpu = ['-march=rv32imac', '-mabi=ilp32', '-mcmodel=medany', '--specs=picolibc.specs'];
/** What Debian calls all that it takes. */
export const packages = [
  'gcc-riscv64-unknown-elf',
  'picolibc-riscv64-unknown-elf',
  'qemu-system-misc',
  'libslirp-dev',
];
export const sources = ['start.c', 'library.c'];
/** Of boards/common. */
export const common = ['fault.c', 'semihosting.c'];
export const clientSources = ['serial_sleep.c'];
/** Of boards/common, for the client. */
export const clientCommon = ['semihosted.c', 'semihosted_client.c', 'lwip/serial_line.c', 'lwip/sockets.c'];
export const lwip = true;

/** Bytes that the client may take. The linker holds the image and the heap to them. */
export const budget = { flash: 1.5 * 2 ** 20, ram: 3 * 2 ** 20 };
export const linkerScript = 'link.ld';

/** Where the board finds the machine that emulates it. */
export const hostAddress = '10.0.2.2';
/** What the gateway's line carries. */
export const network = 'slip';

export const flash = {
  instead: 'riscv32-virt exists in QEMU alone: npm run board -- riscv32-virt runs it there',
};

export const emulator = 'qemu-system-riscv32';

/**
 * Arguments of the emulator. Each instruction takes one nanosecond of virtual time, which is what its cycle counter counts.
 * `line` is the file descriptor of the network, where the board has one.
 */
export const machine = (firmware: string, line?: number | string) => [
  ...['-machine', 'virt', '-m', '32M', '-bios', 'none', '-icount', 'shift=0'],
  ...['-display', 'none', '-monitor', 'none', '-net', 'none'],
  ...(line === undefined
    ? ['-serial', 'none']
    : ['-chardev', `socket,id=line,fd=${line}`, '-serial', 'chardev:line']),
  ...['-kernel', firmware],
];
