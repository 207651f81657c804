// `npm run pages`: every page of a large manual for every device that has a name, with what that saves.
import { parseArgs } from 'node:util';
import { PRESETS } from '../../host/delegation/device.js';
import { transcode } from '../../host/services/transcode/index.js';
import { startProxy } from '../host/proxy/bench.js';
import { BoardRuns, type BoardVisit, SAMPLE, sampleOf } from './board.js';
import { Device, type ReadPage } from './device.js';
import { type Manual, missingManual, serveManual } from './manual.js';
import { type FolderRow, measureFolder } from './measure.js';
import { errorsOf } from './verdict.js';

const usage = `Usage: npm run pages -- [options]

Reads the manual of Apache httpd (Debian's apache2-doc, served by Apache over TLS) through delegated sessions, every page
to its last part, once for each device preset; judges what comes by the formats' own document types; and tells the bytes
of the pages before and after. Pictures that the proxy puts into a page count with it; what it saves is reckoned against
each page with its style sheets, scripts and pictures.

Then the device's own client reads ${SAMPLE} of the pages on an emulated board (mps2-an500, where its tools are installed):
directly, each with its style sheets, scripts and pictures, and as the proxy makes them for each preset, to their last
parts. The instructions that this takes are counted: not cycles, and with the handshakes.

  --folder DIR   the .html and .xhtml files of this folder instead: how many of the words of each page's main content
                 arrive, and how many of its links; bytes, parts, and the processor's time for 100 KiB
  --preset NAME  this one alone; may be repeated
  --no-board     counts no instructions
  --json         JSON instead of a table, with every page
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
  /** The pages that are read on a board too, and in how many parts they come. */
  sample: { path: string; parts: number }[];
  board?: BoardVisit;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      preset: { type: 'string', multiple: true },
      'no-board': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const unknown = values.preset?.find((name) => !PRESETS.has(name));
  const names = [...PRESETS.keys()].filter((name) => values.preset?.includes(name) ?? true);
  if (unknown === undefined && values.folder !== undefined) return folder(values.folder, names, values.json);
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
    const board = values['no-board'] ? undefined : await BoardRuns.prepare(manual);
    if (typeof board === 'string') console.error(`no instructions are counted: ${board}`);
    else if (board !== undefined) await visit(board, rows);
    console.log(values.json ? JSON.stringify(rows, null, 2) : text(rows));
    return rows.some(({ errors }) => errors !== '') ? 1 : 0;
  } finally {
    await manual.stop();
  }
}

async function folder(name: string, presets: readonly string[], isJson: boolean): Promise<number> {
  let rows: FolderRow[];
  try {
    rows = await measureFolder(name, presets, show);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  console.log(isJson ? JSON.stringify(rows, null, 2) : folderText(rows));
  return rows.some(({ pages }) => pages.some(({ failure }) => failure !== undefined)) ? 1 : 0;
}

function folderText(rows: readonly FolderRow[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const kibibytes = (bytes: number) => (bytes / 1024).toFixed(0);
  const heading = [
    ...['preset', 'pages', 'recall', 'pages ≥ 99 %', 'links', 'KiB before', 'after'],
    ...['parts', 'too large', 'ms/100 KiB', 'failed'],
  ];
  const cells = (row: FolderRow) => [
    row.preset,
    String(row.pages.length),
    percent(row.meanRecall),
    percent(row.pagesWithGoodRecall),
    percent(row.meanLinksKept),
    kibibytes(row.bytesBefore),
    kibibytes(row.bytesAfter),
    String(row.decks),
    String(row.tooLarge),
    row.cpuPer100KiB.toFixed(1),
    String(row.pages.filter(({ failure }) => failure !== undefined).length),
  ];
  const lines = table([heading, ...rows.map(cells)]);
  for (const { preset, pages } of rows) {
    const worst = pages.filter(({ recall }) => recall < 0.99).sort((one, other) => one.recall - other.recall);
    for (const { path, recall, failure, missing } of worst.slice(0, 10))
      lines.push(`${preset}: ${path} ${percent(recall)} ${failure ?? missing.slice(0, 8).join(' ')}`);
  }
  return lines.join('\n');
}

async function visit(board: BoardRuns, rows: Row[]): Promise<void> {
  try {
    for (const row of rows) {
      show(`${row.preset}: on an emulated board`);
      row.board = await board.visit(row.preset, row.sample);
    }
  } finally {
    await board.close();
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
    sample: sampleOf(manual).map(({ path }) => {
      const { length } = pages[manual.pages.findIndex((page) => page.path === path)]!.parts;
      return { path, parts: length };
    }),
  };
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
  const lines = table([heading, ...rows.map(cells)]);
  const counted = rows.flatMap(({ preset, board }) => (board === undefined ? [] : [{ preset, ...board }]));
  if (counted.length > 0) {
    const million = (count: number) => (count / 1e6).toFixed(0);
    const saved = (before: number, after: number) => `${(100 - (100 * after) / before).toFixed(0)} %`;
    lines.push('', `${SAMPLE} pages on an emulated mps2-an500, millions of instructions (not cycles)`);
    lines.push(
      ...table([
        ['preset', 'directly', 'delegated', 'saved', 'reading alone', 'saved'],
        ...counted.map(({ preset, directly, delegated }) => [
          preset,
          million(directly.total),
          million(delegated.total),
          saved(directly.total, delegated.total),
          million(delegated.reading),
          saved(directly.reading, delegated.reading),
        ]),
      ]),
    );
  }
  for (const { preset, errors } of rows) if (errors !== '') lines.push(`${preset}: ${errors.slice(0, 4000)}`);
  return lines.join('\n');
}

const table = (rows: string[][]) =>
  rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(14))).join(''));

/** Milliseconds between two lines where they can't be written over. */
const LINE_EVERY = 5000;
let shown = 0;

const show = (what: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
  else if (Date.now() - shown > LINE_EVERY) {
    shown = Date.now();
    process.stderr.write(`${what}\n`);
  }
};

process.exitCode = await main();
