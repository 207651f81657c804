// npm run flash -- BOARD [--probe PROBE] [--dry-run]
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { boardNames, findBoard, missingCompiler } from './boards.js';
import { flashCommands } from './flash_commands.js';
import { boardImages } from './images.js';

const usage = `Usage: npm run flash -- BOARD [options]

Builds the board's image as .elf, .bin and .hex, and writes it to the real board.

  BOARD          ${boardNames().join(', ')}
  --probe PROBE  how to reach it: stlink, cmsis-dap (OpenOCD), dfu (dfu-util); what is best for the board unless told
  --dry-run      print what would run, and run nothing

An emulated board needs no flashing: npm run board -- BOARD get …
`;

const options = {
  probe: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const quoted = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function parse() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return undefined;
  }
}

async function main(): Promise<number> {
  const parsed = parse();
  if (parsed === undefined) return 2;
  const { values, positionals } = parsed;
  if (values.help || positionals.length !== 1) {
    (values.help ? console.log : console.error)(usage);
    return values.help ? 0 : 2;
  }
  const board = await findBoard(positionals[0] ?? '');
  // Before anything is built: some boards can't be flashed from here.
  flashCommands(board, values.probe, { bin: '', hex: '' });
  const absent = missingCompiler(board);
  if (absent) throw new Error(absent);
  const files = await boardImages(board);
  for (const file of Object.values(files)) console.log(`built ${file}`);
  for (const command of flashCommands(board, values.probe, files)) {
    console.log(command.map(quoted).join(' '));
    if (values['dry-run']) continue;
    const [tool, ...args] = command;
    const { status, error } = spawnSync(tool, args, { stdio: 'inherit' });
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      throw new Error(`${tool} not found; on Debian: apt-get install ${packageOf(tool)}`);
    if (status !== 0) throw new Error(`${tool} failed: is the board connected, and its probe free?`);
  }
  if (board.flash?.after) console.log(board.flash.after);
  return 0;
}

const packageOf = (tool: string) => (tool === 'openocd' ? 'openocd' : 'dfu-util');

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
