// npm run bench [-- --json]; npm run bench -- --board mps2-an500 [--json] [--wasm FILE] [--only TEXT] [--released]
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBoard, missingTools } from '../parts/firmware.mjs';
import { wasm3Pin } from '../parts/wasm3.mjs';
import { benchHost } from './host/bench.mjs';
import { measureRows } from './measure.mjs';
import { rows } from './rows.mjs';

const usage = `Usage: npm run bench [-- options]

Times records, sessions and the proxy on this machine, or, with --board, counts the instructions that Deputy's
primitives take on an emulated board, under wasm3.

  --board NAME   mps2-an500
  --wasm FILE    the program to measure (build/primitives.wasm)
  --only TEXT    rows whose name contains TEXT
  --released     also with wasm3 as released, compiled without our changes
  --json         one JSON object instead of a table
`;

const options = {
  board: { type: 'string' },
  wasm: { type: 'string' },
  only: { type: 'string', default: '' },
  released: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const showStep = (name) => process.stderr.write(`\r\x1b[K${name}`);

const million = (count) => (count / 1e6).toFixed(count < 1e5 ? 4 : 3);

function table(report) {
  const head = ['primitive', 'bytes', 'M instr', 'instr/byte'];
  if (report.released) head.push('as released');
  const lines = report.rows.map((row) => [
    row.primitive,
    `${row.size ?? ''}`,
    million(row.instructions),
    row.instructionsPerByte?.toFixed(1) ?? '',
    ...(report.released ? [million(row.instructionsReleased)] : []),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i].length)));
  const format = (line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return [head, ...lines].map(format).join('\n');
}

async function main() {
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.board === undefined) {
    await benchHost({ json: values.json, ...(process.stderr.isTTY && { progress: showStep }) });
    return 0;
  }
  const board = await findBoard(values.board);
  const absent = missingTools(board);
  if (absent)
    throw new Error(
      `${absent}; on Debian: apt-get install qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi`,
    );
  const wasm = resolve(values.wasm ?? fileURLToPath(new URL('../../build/primitives.wasm', import.meta.url)));
  if (!existsSync(wasm)) throw new Error(`${wasm} does not exist; run npm run build:wasm`);

  const wanted = rows.filter(({ primitive }) => primitive.toLowerCase().includes(values.only.toLowerCase()));
  // Progress is for a person who waits at a terminal.
  const step = process.stderr.isTTY ? showStep : undefined;
  const { measured, skipped } = measureRows(board, wasm, wanted, { step });
  if (values.released) {
    const released = measureRows(board, wasm, wanted, { tuned: false, step }).measured;
    for (const [i, row] of measured.entries()) row.instructionsReleased = released[i].instructions;
  }
  step?.('');
  const report = {
    board: board.name,
    unit: 'instructions (QEMU -icount shift=0), not cycles',
    interpreter: `wasm3 ${wasm3Pin.version}, gcc -O3, accumulator in registers, none saved`,
    released: values.released,
    rows: measured,
    skipped,
  };
  if (values.json) {
    console.log(JSON.stringify(report, null, 2));
  } else {
    console.log(`${board.title}; ${report.interpreter}; ${report.unit}\n\n${table(report)}`);
    for (const { primitive, reason } of skipped) console.log(`not measured: ${primitive}: ${reason}`);
  }
  return skipped.some(({ failed }) => failed) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
