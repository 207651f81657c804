// The boards, what each can do, and what it takes of its budget.
import { statSync } from 'node:fs';
import { allBoards, buildClient, buildFirmware, missingTools, programFile } from './firmware.mjs';
import { imageSize } from './image.mjs';
import { programPeak, startPeaks } from './peak.mjs';

/** Prints them, as JSON where asked to. Gives the status. */
export async function list(json) {
  const peaks = await startPeaks();
  try {
    const rows = [];
    for (const board of await allBoards()) rows.push(await describe(board, peaks));
    console.log(json ? JSON.stringify(rows, null, 2) : rows.map(line).join('\n'));
  } finally {
    await peaks.stop();
  }
  return 0;
}

async function describe(board, peaks) {
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
    return { ...row, used: await used(board, peaks) };
  } catch (error) {
    return { ...row, absent: error.message.split('\n')[0] };
  }
}

// The client where the board runs it; else the benchmark, with the program that lies beside it.
async function used(board, peaks) {
  const runsClient = board.clientSources !== undefined;
  const firmware = runsClient ? await buildClient(board) : buildFirmware(board, 'bench', ['bench/bench.c']);
  const { flash, ram } = imageSize(firmware);
  return {
    flash: flash + (runsClient ? 0 : statSync(programFile(board)).size),
    /** Data and stack, and the heap at its peak. */
    ram: ram + (runsClient ? await peaks.client(board, firmware) : programPeak(board)),
  };
}

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

function line({ board, title, can, budget, used, absent }) {
  const size = (name) => (budget ? `${kib(used[name])} of ${kib(budget[name])}` : kib(used[name]));
  const figures = used && `flash ${size('flash')}; RAM at its peak ${size('ram')}`;
  const rest = figures ?? (absent && `not built: ${absent}`);
  return `${board.padEnd(16)}${title}\n${' '.repeat(16)}${can.join(', ')}${rest ? `; ${rest}` : ''}`;
}
