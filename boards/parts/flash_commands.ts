// What writes an image to a board: commands of OpenOCD and dfu-util, from what the board's description says.

import type { Board, DfuProbe, OpenocdProbe } from './boards.js';

type Command = [program: string, ...args: string[]];

const interfaces: Readonly<Record<string, string>> = {
  stlink: 'interface/stlink.cfg',
  'cmsis-dap': 'interface/cmsis-dap.cfg',
};

/**
 * The commands that write `files` to the board by `probe` (the board's first where undefined), each a list of words.
 * Throws with what to do instead where there is no way from here.
 */
export function flashCommands(
  board: Board,
  probe: string | undefined,
  files: { bin: string; hex: string },
): Command[] {
  const { flash } = board;
  if (!flash?.probes)
    throw new Error(flash?.instead ?? `${board.title} can't be flashed: it is this machine`);
  const names = Object.keys(flash.probes);
  const name = probe ?? names[0] ?? '';
  const way = flash.probes[name];
  if (!way) throw new Error(`${board.title} has no probe '${name}'; it takes ${names.join(', ')}`);
  return 'vendor' in way ? dfuCommands(way, files) : [openocdCommand(interfaces[name] ?? name, way, files)];
}

// `commands` are OpenOCD's own (Tcl), where `{image}` is the file in Intel hex: it has its addresses with it.
function openocdCommand(
  adapter: string,
  { target, commands }: OpenocdProbe,
  { hex }: { hex: string },
): Command {
  if (/[{}]/.test(hex)) throw new Error(`OpenOCD can't be told of a file with braces in its name: ${hex}`);
  return [
    'openocd',
    ...['-f', adapter, '-f', target],
    ...commands.flatMap((command) => ['-c', command.replace('{image}', `{${hex}}`)]),
  ];
}

// The suffix (USB DFU 1.1, appendix B) names the only device that may take the file.
function dfuCommands({ vendor, product, alternate, address }: DfuProbe, { bin }: { bin: string }): Command[] {
  const file = bin.replace(/bin$/, 'dfu');
  return [
    ['cp', bin, file],
    ['dfu-suffix', '--vid', vendor, '--pid', product, '--add', file],
    ['dfu-util', '--alt', `${alternate}`, '--dfuse-address', `${address}:leave`, '--download', file],
  ];
}
