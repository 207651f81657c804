// The MPS2 AN500: how to compile for it and how to run it under QEMU.

export const name = 'mps2-an500';
export const title = 'Arm MPS2 AN500, Cortex-M7';

export const compiler = 'arm-none-eabi-gcc';
export const cpu = ['-mcpu=cortex-m7', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv5-d16'];
/** What Debian calls all that it takes. */
export const packages = ['gcc-arm-none-eabi', 'libnewlib-arm-none-eabi', 'qemu-system-arm'];
/** wasm3 with the operations of parts/wasm3, and the compiler's registers for itself. */
export const arm32 = true;
export const sources = ['start.c'];
/** Of boards/common. */
export const common = ['fault.c', 'semihosting.c', 'semihosted_syscalls.c'];
export const clientSources = ['lan9118.c'];
/** Of boards/common, for the client. */
export const clientCommon = ['semihosted.c', 'semihosted_client.c', 'lwip/sockets.c'];
export const lwip = true;

/** Bytes that the client may take. The linker holds the image and the heap to them. */
export const budget = { flash: 1.5 * 2 ** 20, ram: 3 * 2 ** 20 };
export const linkerScript = 'link.ld';

/** Where the board finds the machine that emulates it. */
export const hostAddress = '10.0.2.2';

/** The FPGA image has memory where a microcontroller has flash: a probe loads it there, until power goes. */
export const flash = {
  probes: {
    'cmsis-dap': {
      target: 'target/swj-dp.tcl',
      commands: [
        'swj_newdap an500 cpu -irlen 4',
        'dap create an500.dap -chain-position an500.cpu',
        'target create an500.cpu cortex_m -dap an500.dap',
        'init; reset halt; load_image {image}; reg sp [read_memory 0 32 1]; reg pc [read_memory 4 32 1]',
        'arm semihosting enable; resume; shutdown',
      ],
    },
  },
  after: `To keep it across power cycles, copy deputy.elf as SOFTWARE/deputy.axf to the board's USB drive (V2M-MPS2) and name it in
MB/HBI0263C/AN500/images.txt with IMAGE0ADDRESS 0x00000000 (Arm DAI 0500). Not tried on the physical board.`,
};

export const emulator = 'qemu-system-arm';

/** What the gateway's line carries, where the network is to be worse than the emulator's own. */
export const network = 'ethernet';

/**
 * Arguments of the emulator. Each instruction takes one nanosecond of virtual time, so timers count instructions. `line`
 * is the file descriptor of the network; the emulator's own is taken without one.
 */
export const machine = (firmware: string, line?: number | string) => [
  ...[
    '-machine',
    'mps2-an500',
    '-icount',
    'shift=0',
    '-display',
    'none',
    '-serial',
    'none',
    '-monitor',
    'none',
  ],
  ...['-nic', line === undefined ? 'user' : `socket,fd=${line}`],
  ...['-kernel', firmware],
];
