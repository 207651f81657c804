// npm run bench [-- --json]; npm run bench -- --link LINK; npm run bench -- --board NAME [--json] [--wasm FILE] [--only NAMES] [--own] [--all] [--released] [--tune-peers]
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { boardNames, ENGINES, type Engine, findBoard, missingTools } from '../parts/boards.js';
import { wasm3Pin } from '../parts/wasm3.mjs';
import { benchHost } from './host/bench.js';
import { type Measured, measureRows, type Skipped } from './measure.js';
import { chosen } from './only.js';
import type { Target } from './plan.js';
import type { Row } from './row.js';
import { rows } from './rows.js';

const usage = `Usage: npm run bench [-- options]

Times records, sessions and the proxy on this machine, or, with --board or --engine, counts the instructions that
Deputy's primitives take under wasm3, and those of other implementations on the same interpreter and of native code.

  --board NAME   ${boardNames()
    .filter((name) => name !== 'linux')
    .join(', ')}
  --engine NAME  with --board: wasm3 (unless told) or aot, the program compiled in; without: wasm3, on this machine
                 instead of a board, counted by Valgrind
  --wasm FILE    the program to measure (build/primitives.wasm; what the board has room for)
  --only NAMES   rows of these names, divided by commas; * stands for anything, and what is no whole name for a part of one
  --own          Deputy alone, without its peers
  --all          a second table, of each peer and variant
  --against FILE|DIR  Deputy alone, beside another build, or another program with these exports; of a folder build/ is taken
  --released     with --own: also wasm3 as released, compiled without our changes
  --tune-peers   peers' programs through the pass that fits ours to wasm3, too (boards/parts/tune.ts)
  --link LINK    pages over a slow link, direct and delegated, in real time: 14.4k/600ms, 56k/300ms, 1M/100ms; may be given
                 several times
  --session      with --board: what a delegated session costs it, and pages of several sizes
  --json         one JSON object instead of tables
`;

const options = {
  board: { type: 'string' },
  engine: { type: 'string' },
  wasm: { type: 'string' },
  only: { type: 'string', default: '' },
  own: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  against: { type: 'string' },
  released: { type: 'boolean', default: false },
  'tune-peers': { type: 'boolean', default: false },
  link: { type: 'string', multiple: true },
  session: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parse>;
type Step = ((name: string) => void) | undefined;

const parse = () => parseArgs({ options }).values;

/** What a board runs programs on. Throws for what is none. */
function engineOf({ engine = 'wasm3' }: Values): Engine {
  const found = ENGINES.find((name) => name === engine);
  if (found === undefined) throw new Error(`no engine '${engine}'; there is ${ENGINES.join(', ')}`);
  return found;
}

const showStep = (name: string) => process.stderr.write(`\r\x1b[K${name}`);

const root = fileURLToPath(new URL('../..', import.meta.url));

async function main(): Promise<number> {
  let values: Values;
  try {
    values = parse();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.link !== undefined) {
    const { benchLinks } = await import('./link/bench.js');
    await benchLinks(values.link, { json: values.json, ...(process.stderr.isTTY && { step: showStep }) });
    return 0;
  }
  if (values.board === undefined && values.engine === undefined) {
    await benchHost({ json: values.json, ...(process.stderr.isTTY && { progress: showStep }) });
    return 0;
  }
  const board = await findTarget(values);
  if (values.session) {
    if (!('clientSources' in board)) throw new Error(`${board.title} does not run the client`);
    const { benchSession } = await import('./session/session.js');
    await benchSession(board, {
      json: values.json,
      engine: engineOf(values),
      ...(process.stderr.isTTY && { step: showStep }),
    });
    return 0;
  }
  const program = 'program' in board ? board.program : undefined;
  const wasm = resolve(values.wasm ?? `${root}/build/${program ?? 'primitives'}.wasm`);
  if (!existsSync(wasm)) throw new Error(`${wasm} does not exist; run npm run build:wasm`);

  const wanted = chosen(rows, values.only);
  if (values.only && !values.json)
    process.stderr.write(
      `measuring ${wanted.length} of ${rows.length}: ${wanted.map((row) => row.primitive).join(', ')}\n`,
    );
  // Progress is for a person who waits at a terminal.
  const step = process.stderr.isTTY ? showStep : undefined;
  const heading = {
    board: board.name,
    title: board.title,
    unit: 'unit' in board ? board.unit : 'instructions (QEMU -icount shift=0), not cycles',
    interpreter:
      'interpreter' in board
        ? board.interpreter
        : engineOf(values) === 'aot'
          ? 'compiled ahead of time: wasm2c, gcc -O2'
          : `wasm3 ${wasm3Pin.version}, gcc -O3, with the operations of boards/parts/wasm3`,
  };
  // Where only one program has room, there is nothing to compare it with.
  return values.own || values.against !== undefined || program
    ? alone(board, wasm, wanted, { values, heading, step })
    : against(board, wasm, wanted, { values, heading, step });
}

// A board, or this machine. Throws with what to install where it can't be measured on.
async function findTarget({ board: name, engine }: Values): Promise<Target> {
  if (name === undefined) {
    const machine = await import('./machine.js');
    if (engine !== machine.name)
      throw new Error(`no engine '${engine}' is counted; there is ${machine.name}`);
    const absent = machine.missing();
    if (absent) throw new Error(`${absent}; on Debian: apt-get install gcc valgrind`);
    return machine;
  }
  const board = await findBoard(name);
  if (!board.emulator) throw new Error(`${board.title} is no emulated board; use --engine wasm3`);
  const absent = missingTools(board);
  if (absent) throw new Error(absent);
  return board;
}

interface Asked {
  readonly values: Values;
  readonly heading: Heading;
  readonly step: Step;
}

interface Heading {
  readonly board: string;
  readonly title: string;
  readonly unit: string;
  readonly interpreter: string;
}

/** The file that --against names; of a folder, as a checkout is one, the program of the same name. Throws where there is none. */
function otherProgram(path: string, wasm: string): string {
  const name = basename(wasm);
  const file = [path, join(path, name), join(path, 'build', name)].find(
    (each) => existsSync(each) && statSync(each).isFile(),
  );
  if (file === undefined)
    throw new Error(`--against ${path}: there is no ${name}, nor ${join('build', name)}`);
  return file;
}

async function alone(
  board: Target,
  wasm: string,
  wanted: readonly Row[],
  { values, heading, step }: Asked,
): Promise<number> {
  const { ownTable } = await import('./table.js');
  const engine = engineOf(values);
  const { measured, skipped } = measureRows(board, wasm, wanted, { step, engine });
  if (values.released) {
    const released = measureRows(board, wasm, wanted, { tuned: false, step }).measured;
    for (const [i, row] of measured.entries()) row.instructionsReleased = released[i]!.instructions;
  }
  const other = values.against === undefined ? undefined : otherProgram(values.against, wasm);
  if (other !== undefined) {
    const theirs = measureRows(board, other, wanted, { step, engine }).measured;
    const same = (one: Measured, two: Measured) => one.primitive === two.primitive && one.size === two.size;
    for (const row of measured)
      row.instructionsAgainst = theirs.find((each) => same(each, row))?.instructions ?? null;
  }
  step?.('');
  const against = other && { against: other };
  const report = { ...heading, released: values.released, ...against, rows: measured, skipped };
  print(report, values.json, () => ownTable(report));
  if (!values.json) tell(skipped);
  return skipped.some(({ failed }) => failed) ? 1 : 0;
}

async function against(
  board: Target,
  wasm: string,
  wanted: readonly Row[],
  { values, heading, step }: Asked,
): Promise<number> {
  const [{ compare }, { plot }, { comparisonTable, peersTable }] = await Promise.all([
    import('./compare.js'),
    import('./plot.js'),
    import('./table.js'),
  ]);
  const tunePeers = values['tune-peers'];
  // A part never takes the place of the whole.
  const variant = `${engineOf(values) === 'aot' ? '-aot' : ''}${values.only ? '-part' : ''}`;
  const picture = `${root}/build/bench-${board.name}${variant}.svg`;
  const report = {
    ...heading,
    tunePeers,
    ...compare(board, wasm, wanted, { step, tunePeers, engine: engineOf(values) }),
    plot: relative(process.cwd(), picture),
  };
  step?.('');
  mkdirSync(`${root}/build`, { recursive: true });
  writeFileSync(picture, plot(report));
  print(report, values.json, () =>
    [comparisonTable(report), ...(values.all ? [peersTable(report)] : [])].join('\n\n'),
  );
  if (!values.json) {
    tell(report.skipped);
    for (const { name, reason } of report.absent) console.log(`not compared: ${name}: ${reason}`);
    for (const { primitive, size, peer, reason } of report.failures)
      console.log(`failed: ${primitive} ${size ?? ''} ${peer}: ${reason}`);
    console.log(`plot: ${report.plot}`);
  }
  return report.failures.length > 0 ? 1 : 0;
}

function print(report: Heading, json: boolean, table: () => string): void {
  if (json) console.log(JSON.stringify(report, null, 2));
  else console.log(`${report.title}; ${report.interpreter}; ${report.unit}\n\n${table()}`);
}

function tell(skipped: readonly Skipped[]): void {
  for (const { primitive, reason } of skipped) console.log(`not measured: ${primitive}: ${reason}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
