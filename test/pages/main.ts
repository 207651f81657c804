// `npm run pages`: every page of a large manual for every device that has a name, with what that saves.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PRESETS } from '../../host/delegation/device.js';
import { transcode } from '../../host/services/transcode/index.js';
import { type Bench, startProxy, TOKEN } from '../host/proxy/bench.js';
import { Device, type ReadPage } from './device.js';
import { type Manual, missingManual, serveManual } from './manual.js';
import { errorsOf } from './verdict.js';

const usage = `Usage: npm run pages -- [options]

Reads the manual of Apache httpd (Debian's apache2-doc, served by Apache over TLS) through delegated sessions, every page
to its last part, once for each device preset; judges what comes by the formats' own document types; and tells the bytes
of the pages before and after. Pictures that the proxy puts into a page count with it; what it saves is reckoned against
each page with its style sheets, scripts and pictures.

  --preset NAME  this one alone; may be repeated
  --board NAME   also runs the device's client on an emulated board (mps2-an500), which fetches a few pages as they are
                 and as the proxy makes them, and counts its instructions
  --json         one JSON object instead of a table
`;

interface Row {
  preset: string;
  pages: number;
  parts: number;
  bytesBefore: number;
  /** With the style sheets, scripts and pictures that belong to each page, fetched anew for each. */
  bytesWithParts: number;
  bytesAfter: number;
  /** Of the first parts alone: what shows before the reader asks for more. */
  bytesFirst: number;
  errors: string;
  seconds: number;
  board?: { page: string; directly: number; delegated: number }[];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      preset: { type: 'string', multiple: true },
      board: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const unknown = values.preset?.find((name) => !PRESETS.has(name));
  const absent = unknown ? `no preset is named ${unknown}` : await missingManual();
  if (absent !== undefined) {
    console.error(absent);
    return 1;
  }
  const manual = await serveManual();
  try {
    const wanted = [...PRESETS.values()].filter(({ name }) => values.preset?.includes(name) ?? true);
    const rows: Row[] = [];
    for (const profile of wanted) rows.push(await read(manual, profile.name));
    if (values.board !== undefined) await runOnBoard(values.board, manual, rows);
    console.log(values.json ? JSON.stringify(rows, null, 2) : text(rows));
    return rows.some(({ errors }) => errors !== '') ? 1 : 0;
  } finally {
    await manual.stop();
  }
}

async function read(manual: Manual, preset: string): Promise<Row> {
  const profile = PRESETS.get(preset)!;
  const bench = await startProxy({ services: [transcode()] });
  const device = new Device(profile, bench, manual.origin.port);
  const began = Date.now();
  const pages: ReadPage[] = [];
  for (const [i, { path }] of manual.pages.entries()) {
    show(`${preset}: ${i + 1} of ${manual.pages.length}`);
    pages.push(await device.read(path));
  }
  const seconds = (Date.now() - began) / 1000;
  await device.close();
  await bench.close();
  show(`${preset}: judged`);
  const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
  return {
    preset,
    pages: pages.length,
    parts: sum(pages.map(({ parts }) => parts.length)),
    bytesBefore: sum(manual.pages.map(({ bytes }) => bytes)),
    bytesWithParts: sum(manual.pages.map(({ bytesWithParts }) => bytesWithParts)),
    bytesAfter: sum(pages.flatMap(({ parts }) => parts.map((part) => part.length))),
    bytesFirst: sum(pages.map(({ parts }) => parts[0]!.length)),
    errors: errorsOf(profile, pages),
    seconds,
  };
}

/** A small, a middling and a large page. */
const sampleOf = (manual: Manual) => {
  const sorted = [...manual.pages].sort((a, b) => a.bytes - b.bytes);
  return [0.25, 0.5, 0.9].map((share) => sorted[Math.floor(sorted.length * share)]!);
};

/** What the device's own client takes, in instructions, for a page as it is and as each preset's proxy makes it. */
async function runOnBoard(name: string, manual: Manual, rows: Row[]): Promise<void> {
  const { buildClient, findBoard, missingTools } = await import('../../boards/parts/firmware.mjs');
  const { runMeasured } = await import('../../boards/bench/session/run.mjs');
  const board = await findBoard(name);
  const reason = missingTools(board);
  if (reason) throw new Error(reason);
  const firmware = await buildClient(board);
  const folder = await mkdtemp(join(tmpdir(), 'deputy-pages-'));
  const roots = join(folder, 'roots.pem');
  const benches: Bench[] = [];
  try {
    for (const row of rows) {
      const bench = await startProxy({ services: [transcode({ profile: PRESETS.get(row.preset)! })] });
      benches.push(bench);
      await writeFile(roots, bench.ca);
      row.board = [];
      for (const { path } of sampleOf(manual)) {
        show(`${row.preset}: ${path} on ${name}`);
        const url = `https://localhost:${manual.origin.port}${path}`;
        const known = rows[0]!.board!.find(({ page }) => page === path);
        const direct =
          known?.directly ??
          (await runMeasured(board, firmware, ['get', url, '--direct', '--ca', roots])).total;
        const through = ['--proxy', `localhost:${bench.port}`, '--proxy-ca', roots, '--token', TOKEN];
        const { total } = await runMeasured(board, firmware, ['get', url, '--ca', roots, ...through]);
        row.board.push({ page: path, directly: direct, delegated: total });
      }
    }
  } finally {
    for (const bench of benches) await bench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function text(rows: Row[]): string {
  const kibibytes = (bytes: number) => (bytes / 1024).toFixed(0);
  const cells = (row: Row) => [
    row.preset,
    String(row.pages),
    String(row.parts),
    kibibytes(row.bytesBefore),
    kibibytes(row.bytesWithParts),
    kibibytes(row.bytesAfter),
    `${(100 - (100 * row.bytesAfter) / row.bytesWithParts).toFixed(0)} %`,
    kibibytes(row.bytesFirst),
    row.errors === '' ? '0' : 'see below',
    row.seconds.toFixed(0),
  ];
  const heading = [
    'preset',
    'pages',
    'parts',
    'KiB before',
    'with parts',
    'after',
    'saved',
    'first parts',
    'errors',
    'seconds',
  ];
  const lines = [heading, ...rows.map(cells)].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(12))).join(''),
  );
  for (const { preset, board } of rows) {
    for (const { page, directly, delegated } of board ?? []) {
      const millions = (n: number) => (n / 1e6).toFixed(0);
      lines.push(
        `${preset}: ${page}: ${millions(directly)} M instructions directly, ${millions(delegated)} M delegated`,
      );
    }
  }
  for (const { preset, errors } of rows) if (errors !== '') lines.push(`${preset}: ${errors.slice(0, 4000)}`);
  return lines.join('\n');
}

const show = (what: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
};

process.exitCode = await main();
