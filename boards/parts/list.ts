// The boards, what each can do, and what it takes of its budget.
import { statSync } from 'node:fs';
import { missingTranslator } from '../aot/translate.js';
import { allBoards, type Board, type Engine, missingTools } from './boards.js';
import { buildClient, buildFirmware, programFile } from './firmware.js';
import { imageSize } from './image.js';
import { programPeak, startPeaks } from './peak.js';

interface Sizes {
  flash: number;
  /** At its peak; null where the system does not tell how much heap it gave. */
  ram: number | null;
}

interface Row {
  board: string;
  title: string;
  can: readonly string[];
  budget: { flash: number; ram: number } | null;
  /** With the program under wasm3. */
  used: Sizes | null;
  /** With the program compiled in, where the board runs the client and wasm2c is there. */
  usedAot: Sizes | null;
  /** What is missing to build it. */
  absent: string | null;
}

type Peaks = Awaited<ReturnType<typeof startPeaks>>;

/** Prints them, as JSON where asked to. Gives the status. */
export async function list(json: boolean) {
  const peaks = await startPeaks();
  try {
    const rows: Row[] = [];
    for (const board of await allBoards()) rows.push(await describe(board, peaks));
    tell('');
    console.log(json ? JSON.stringify(rows, null, 2) : rows.map(line).join('\n'));
  } finally {
    await peaks.stop();
  }
  return 0;
}

async function describe(board: Board, peaks: Peaks): Promise<Row> {
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
    usedAot: null,
    absent: null,
  };
  const absent = missingTools(board);
  if (absent) return { ...row, absent };
  try {
    const hasAot = board.clientSources && missingTranslator() === undefined;
    const usedAot = hasAot ? await used(board, peaks, 'aot') : null;
    return { ...row, used: await used(board, peaks, 'wasm3'), usedAot };
  } catch (error) {
    return { ...row, absent: (error as Error).message.split('\n')[0] ?? '' };
  }
}

// The client where the board runs it; else the benchmark, with the program that lies beside it.
async function used(board: Board, peaks: Peaks, engine: Engine): Promise<Sizes> {
  tell(`${board.name}, ${engine}`);
  const runsClient = board.clientSources !== undefined;
  const firmware = runsClient
    ? await buildClient(board, { engine })
    : buildFirmware(board, 'bench', ['bench/bench.c']);
  const { flash, ram } = imageSize(firmware);
  const heap = runsClient ? await peaks.client(board, firmware) : programPeak(board);
  return {
    flash: flash + (runsClient ? 0 : statSync(programFile(board)).size),
    /** Data and stack, and the heap. */
    ram: heap === 0 ? null : ram + heap,
  };
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(0)} KiB`;

/** Which board is built and run, for a person who waits. */
function tell(what: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
}

function line({ board, title, can, budget, used, usedAot, absent }: Row): string {
  const size = (taken: number, most: number | undefined) =>
    most === undefined ? kib(taken) : `${kib(taken)} of ${kib(most)}`;
  const peak = (ram: number | null) =>
    ram === null ? 'RAM not told by this system' : `RAM at its peak ${size(ram, budget?.ram)}`;
  const figures = (of: Sizes) => `flash ${size(of.flash, budget?.flash)}; ${peak(of.ram)}`;
  const lines = [
    title,
    `${can.join(', ')}${absent ? `; not built: ${absent}` : ''}`,
    ...(used ? [`wasm3: ${figures(used)}`] : []),
    ...(usedAot ? [`aot:   ${figures(usedAot)}`] : []),
  ];
  return lines.map((text, i) => `${(i === 0 ? board : '').padEnd(17)}${text}`).join('\n');
}
