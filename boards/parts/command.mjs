// npm run board -- list
// npm run board -- BOARD [--loss N] [--delay N] get URL… --proxy HOST:PORT …
import { allBoards, buildClient, findBoard, missingTools } from './firmware.mjs';
import { imageSize } from './image.mjs';
import { ended, startClient } from './run.mjs';

const usage = `Usage: npm run board -- list [--json]
       npm run board -- BOARD [network] get URL… --proxy HOST:PORT --proxy-ca FILE --ca FILE [options]

list          the boards, what each can do, and what its image takes of its budget
BOARD get     builds the firmware where needed, starts the board, streams its console and exits with its status
BOARD get     without a URL prints the client's options

An emulated board reaches this machine as localhost. Its network can be made worse:

  --loss PERCENT  that many packets are lost
  --delay MS      each packet waits for up to MS milliseconds
  --cut N         nothing passes after N packets
  --seed N        other packets are lost and delayed (1)
`;

async function describe(board) {
  const can = [...(board.clientSources ? ['client'] : []), ...(board.emulator ? ['benchmark'] : [])];
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
  if (!board.clientSources) return row;
  try {
    return { ...row, used: imageSize(await buildClient(board)) };
  } catch (error) {
    return { ...row, absent: error.message.split('\n')[0] };
  }
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
function badNetwork(args) {
  const impairment = {};
  let at = 0;
  for (; /^--(loss|delay|cut|seed)$/.test(args[at] ?? ''); at += 2)
    impairment[args[at].slice(2)] = Number(args[at + 1]);
  return { rest: args.slice(at), ...(at > 0 && { impairment }) };
}

async function main([name, ...args]) {
  if (name === 'list') return list(args.includes('--json'));
  if (name === undefined || name === '--help' || args.length === 0) {
    (name === '--help' ? console.log : console.error)(usage);
    return name === '--help' ? 0 : 2;
  }
  const board = await findBoard(name);
  if (!board.clientSources) throw new Error(`${board.title} does not run the client`);
  const absent = missingTools(board);
  if (absent) throw new Error(absent);
  const { impairment, rest } = badNetwork(args);
  return ended(startClient(board, await buildClient(board), rest, { impairment }));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
