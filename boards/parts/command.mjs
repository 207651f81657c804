// npm run board -- list
// npm run board -- BOARD [--loss N] [--delay N] get URL… --proxy HOST:PORT …
// npm run board -- BOARD [--display WINDOW | --screenshot FILE] browse URL --proxy HOST:PORT …
import { statSync } from 'node:fs';
import { allBoards, buildClient, buildFirmware, findBoard, missingTools, programFile } from './firmware.mjs';
import { imageSize } from './image.mjs';
import { ended, startClient } from './run.mjs';
import { takeScreenshot } from './screen.mjs';

const usage = `Usage: npm run board -- list [--json]
       npm run board -- BOARD [network] get URL… --proxy HOST:PORT --proxy-ca FILE --ca FILE [options]
       npm run board -- BOARD [--display WINDOW | --screenshot FILE] browse URL …

list          the boards, what each can do, and what its image takes of its budget
BOARD get     builds the firmware where needed, starts the board, streams its console and exits with its status
BOARD get --help  the client's options
BOARD browse  the same on the board's own screen, with its keys: arrows scroll and choose links, the space bar follows
              one, F1 leads back, F2 reloads, Escape ends. WINDOW is what QEMU shows the screen in: gtk where this
              machine has a display, or sdl, vnc=:1 and what else its -display takes. With --screenshot the page's first
              screen goes into FILE, as PNG, and the browser ends

An emulated board reaches this machine as localhost. Its network can be another, or worse:

  --address ADDRESS/BITS,GATEWAY,NAMESERVER  instead of asking by DHCP
  --loss PERCENT  that many packets are lost
  --delay MS      each packet waits for up to MS milliseconds
  --cut N         nothing passes after N packets
  --seed N        other packets are lost and delayed (1)
`;

async function describe(board) {
  const can = [
    ...(board.clientSources ? ['client'] : []),
    ...(board.screen ? ['browser'] : []),
    ...(board.program ? [`the ${board.program} program`] : []),
    ...(board.emulator ? ['benchmark'] : []),
  ];
  const row = {
    board: board.name,
    title: board.title,
    can,
    budget: board.budget ?? null,
    used: null,
    absent: null,
  };
  const absent = missingTools(board);
  if (absent) return { ...row, absent };
  try {
    return { ...row, used: await used(board) };
  } catch (error) {
    return { ...row, absent: error.message.split('\n')[0] };
  }
}

// The client where the board runs it; else the benchmark, with the program that lies beside it.
async function used(board) {
  if (board.clientSources) return imageSize(await buildClient(board));
  const { flash, ram } = imageSize(buildFirmware(board, 'bench', ['bench/bench.c']));
  return { flash: flash + statSync(programFile(board)).size, ram };
}

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

function line({ board, title, can, budget, used, absent }) {
  const size = (name) => (budget ? `${kib(used[name])} of ${kib(budget[name])}` : kib(used[name]));
  const figures = used && `flash ${size('flash')}; RAM before the heap ${size('ram')}`;
  const rest = figures ?? (absent && `not built: ${absent}`);
  return `${board.padEnd(16)}${title}\n${' '.repeat(16)}${can.join(', ')}${rest ? `; ${rest}` : ''}`;
}

async function list(json) {
  const rows = [];
  for (const board of await allBoards()) rows.push(await describe(board));
  console.log(json ? JSON.stringify(rows, null, 2) : rows.map(line).join('\n'));
  return 0;
}

// What stands before the client's own command line.
function ofTheMachine(args) {
  const given = {};
  let at = 0;
  for (; /^--(loss|delay|cut|seed|address|display|screenshot)$/.test(args[at] ?? ''); at += 2)
    given[args[at].slice(2)] = args[at + 1];
  const { address, display, screenshot, ...network } = given;
  if (screenshot !== undefined && args[at] !== 'browse') throw new Error('--screenshot goes with browse');
  const impairment = Object.fromEntries(
    Object.entries(network).map(([name, value]) => [name, Number(value)]),
  );
  const here = process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? 'gtk' : 'none';
  return {
    rest: args.slice(at),
    screenshot,
    emulator: args[at] === 'browse' && screenshot === undefined ? ['-display', display ?? here] : [],
    ...(address !== undefined && { address }),
    ...(Object.keys(network).length > 0 && { impairment }),
  };
}

async function main([name, ...args]) {
  if (name === 'list') return list(args.includes('--json'));
  const asked = name === '--help' || args[0] === '--help';
  if (asked || name === undefined || args.length === 0) {
    (asked ? console.log : console.error)(usage);
    return asked ? 0 : 2;
  }
  const board = await findBoard(name);
  if (!board.clientSources)
    throw new Error(
      `${board.title} does not run the client; npm run bench -- --board ${name} shows what it runs`,
    );
  const absent = missingTools(board);
  if (absent) throw new Error(absent);
  const { rest, screenshot, ...options } = ofTheMachine(args);
  const firmware = await buildClient(board);
  if (screenshot !== undefined) return takeScreenshot(board, firmware, rest, screenshot, options);
  return ended(startClient(board, firmware, rest, options));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
