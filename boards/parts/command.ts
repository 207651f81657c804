// npm run board -- list
// npm run board -- BOARD [--engine NAME] [--loss N] [--delay N] get URL… --proxy HOST:PORT …
// npm run board -- BOARD [--display WINDOW | --screenshot FILE] browse URL --proxy HOST:PORT …
import { ENGINES, type Engine, findBoard, missingTools } from './boards.js';
import { buildClient } from './firmware.js';
import { list } from './list.js';
import { ended, startClient } from './run.js';
import { takeScreenshot } from './screen.js';

const usage = `Usage: npm run board -- list [--json]
       npm run board -- BOARD [--engine NAME] [network] get URL… --proxy HOST:PORT --proxy-ca FILE --ca FILE [options]
       npm run board -- BOARD [--display WINDOW | --screenshot FILE] browse URL …

list          the boards, what each can do, and what it takes of its budget, its memory at its peak
BOARD get     builds the firmware where needed, starts the board, streams its console and exits with its status
BOARD get --help  the client's options
BOARD browse  the same on the board's own screen, with its keys: arrows scroll and choose links, the space bar follows
              one, F1 leads back, F2 reloads, Escape ends. WINDOW is what QEMU shows the screen in: gtk where this
              machine has a display, or sdl, vnc=:1 and what else its -display takes. With --screenshot the page's first
              screen goes into FILE, as PNG, and the browser ends

  --engine NAME  what runs the device program: wasm3 (the interpreter, unless told), or aot (the same program as C, compiled
                 into the firmware: less work and memory, more flash)

An emulated board reaches this machine as localhost. Its network can be another, or worse:

  --address ADDRESS/BITS,GATEWAY,NAMESERVER  instead of asking by DHCP
  --loss PERCENT  that many packets are lost
  --delay MS      each packet waits for up to MS milliseconds
  --cut N         nothing passes after N packets
  --seed N        other packets are lost and delayed (1)
`;

// What stands before the client's own command line.
function ofTheMachine(args: readonly string[]) {
  const given: Record<string, string> = {};
  let at = 0;
  for (; /^--(engine|loss|delay|cut|seed|address|display|screenshot)$/.test(args[at] ?? ''); at += 2)
    given[`${args[at]}`.slice(2)] = args[at + 1] ?? '';
  const { engine = 'wasm3', address, display, screenshot, ...network } = given;
  if (!ENGINES.includes(engine as Engine))
    throw new Error(`--engine takes ${ENGINES.join(' or ')}, not '${engine}'`);
  if (screenshot !== undefined && args[at] !== 'browse') throw new Error('--screenshot goes with browse');
  const impairment = Object.fromEntries(
    Object.entries(network).map(([name, value]) => [name, Number(value)]),
  );
  const here = process.env.DISPLAY || process.env.WAYLAND_DISPLAY ? 'gtk' : 'none';
  return {
    rest: args.slice(at),
    engine: engine as Engine,
    screenshot,
    emulator: args[at] === 'browse' && screenshot === undefined ? ['-display', display ?? here] : [],
    ...(address !== undefined && { address }),
    ...(Object.keys(network).length > 0 && { impairment }),
  };
}

async function main([name, ...args]: readonly string[]): Promise<number> {
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
  const { rest, engine, screenshot, ...options } = ofTheMachine(args);
  const firmware = await buildClient(board, { engine });
  if (screenshot !== undefined) return takeScreenshot(board, firmware, rest, screenshot, options);
  return ended(startClient(board, firmware, rest, options));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
