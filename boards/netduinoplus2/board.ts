// The Netduino Plus 2: how to compile for it and how to run it under QEMU. It runs the `record` program.

export const name = 'netduinoplus2';
export const title = 'Netduino Plus 2, STM32F405, Cortex-M4';

export const compiler = 'arm-none-eabi-gcc';
export const cpu = [
  ...['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'],
  // Less than the page of 64 KiB that a wasm memory has at least: statics, a record and its keys.
  '-DDEPUTY_LINEAR_BYTES=32768',
];
/** What Debian calls all that it takes. */
export const packages = ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi', 'qemu-system-arm'];
/** wasm3 with the operations of parts/wasm3, and the compiler's registers for itself. */
export const arm32 = true;
export const sources = ['start.c'];
/** Of boards/common. */
export const common = ['fault.c', 'semihosting.c', 'semihosted_syscalls.c'];
/** Bytes that firmware and program may take. The linker holds the image and the heap to them. */
export const budget = { flash: 256 * 1024, ram: 112 * 1024 };
export const linkerScript = 'link.ld';

/** The program that it has room for, and where in the flash that lies. */
export const program = 'record';
export const programAddress = 0x08080000;
/** Bytes of wasm3's stack. */
export const stackBytes = 3072;
/** Locals and operands of a function while wasm3 compiles it: its notes on them take 5 bytes each. */
export const functionStackHeight = 256;

const openocd = { target: 'target/stm32f4x.cfg', commands: ['program {image} verify reset exit'] };

/** How the real board is reached: a probe on its SWD pads, or the chip's own loader over USB. */
export const flash = {
  probes: {
    stlink: openocd,
    'cmsis-dap': openocd,
    // ST's loader, entered with BOOT0 high (AN2606; DfuSe in UM0391).
    dfu: { vendor: '0483', product: 'df11', alternate: 0, address: '0x08000000' },
  },
  after:
    'Its console is semihosting: openocd -f interface/stlink.cfg -f target/stm32f4x.cfg -c "init; arm semihosting enable; reset run"',
};

export const emulator = 'qemu-system-arm';

/** Arguments of the emulator. Each instruction takes one nanosecond of virtual time, so timers count instructions. */
export const machine = (firmware: string) => [
  ...['-machine', 'netduinoplus2', '-icount', 'shift=0', '-display', 'none'],
  ...['-serial', 'none', '-monitor', 'none', '-kernel', firmware],
];

/** Arguments that put the program's file into the flash. */
export const flashed = (file: string) => [
  '-device',
  `loader,file=${file.replaceAll(',', ',,')},addr=${programAddress},force-raw=on`,
];
