// The pages of a folder for every preset: how much of them arrives, in how many bytes and parts, at what cost.
import { PRESETS } from '../../host/delegation/device.js';
import { transcode } from '../../host/services/transcode/index.js';
import { startProxy } from '../host/proxy/bench.js';
import { run } from '../host/services/transcode/run.js';
import { Device } from './device.js';
import { type PageFolder, serveFolder } from './folder.js';
import { type Arrived, arrived, readSource, type Source } from './recall.js';

export interface PageRow {
  path: string;
  recall: number;
  linksKept: number;
  bytesBefore: number;
  bytesAfter: number;
  decks: number;
  /** Bytes of the largest part. */
  largest: number;
  /** Milliseconds of the processor, without sockets and TLS, for the first part. */
  cpu: number;
  /** Words that did not arrive, the first of them. */
  missing: readonly string[];
  /** Why nothing came. */
  failure?: string;
}

export interface FolderRow {
  preset: string;
  pages: readonly PageRow[];
  /** Share of pages of which at least 99 % of the words arrive. */
  pagesWithGoodRecall: number;
  meanRecall: number;
  meanLinksKept: number;
  bytesBefore: number;
  bytesAfter: number;
  decks: number;
  /** Pages with a part that is larger than the device's memory. */
  tooLarge: number;
  /** Milliseconds of the processor for 100 KiB of HTML. */
  cpuPer100KiB: number;
}

const GOOD = 0.99;
const MAX_MISSING = 20;
const WARM = 20;
const RUNS = 3;

export async function measureFolder(
  folder: string,
  presets: readonly string[],
  onProgress: (what: string) => void,
): Promise<FolderRow[]> {
  const served = await serveFolder(folder);
  try {
    const base = `https://localhost:${served.port}`;
    const sources = new Map<string, Source>();
    for (const [i, { path, bytes }] of served.pages.entries()) {
      onProgress(`${i + 1} of ${served.pages.length} pages read`);
      sources.set(path, readSource(bytes, base + path));
    }
    const rows: FolderRow[] = [];
    for (const preset of presets) rows.push(await measurePreset(preset, served, sources, onProgress));
    return rows;
  } finally {
    await served.stop();
  }
}

async function measurePreset(
  preset: string,
  { pages, port }: PageFolder,
  sources: ReadonlyMap<string, Source>,
  onProgress: (what: string) => void,
): Promise<FolderRow> {
  const profile = PRESETS.get(preset)!;
  const bench = await startProxy({ services: [transcode()] });
  const device = new Device(profile, bench, port);
  const rows: PageRow[] = [];
  try {
    // The first pages would count the compiler's work.
    for (const { bytes } of pages.slice(0, WARM)) await cpuTime(preset, bytes);
    for (const [i, { path, bytes }] of pages.entries()) {
      onProgress(`${preset}: ${i + 1} of ${pages.length}`);
      const about = { path, bytesBefore: bytes.length };
      try {
        const read = await device.read(path);
        const sizes = read.parts.map(({ length }) => length);
        const came: Arrived = arrived(sources.get(path)!, read, profile, `https://localhost:${port}${path}`);
        rows.push({
          ...about,
          ...came,
          missing: came.missing.slice(0, MAX_MISSING),
          bytesAfter: sizes.reduce((sum, size) => sum + size, 0),
          decks: sizes.length,
          largest: Math.max(...sizes),
          cpu: await cpuTime(preset, bytes),
        });
      } catch (error) {
        const failure = error instanceof Error ? error.message : String(error);
        const nothing = { recall: 0, linksKept: 0, bytesAfter: 0, decks: 0, largest: 0, cpu: 0, missing: [] };
        rows.push({ ...about, ...nothing, failure });
      }
    }
  } finally {
    await device.close();
    await bench.close();
  }
  const came = rows.filter(({ failure }) => failure === undefined);
  const sum = (of: (row: PageRow) => number, all = rows) => all.reduce((total, row) => total + of(row), 0);
  return {
    preset,
    pages: rows,
    pagesWithGoodRecall: rows.filter(({ recall }) => recall >= GOOD).length / rows.length,
    meanRecall: sum(({ recall }) => recall) / rows.length,
    meanLinksKept: sum(({ linksKept }) => linksKept) / rows.length,
    bytesBefore: sum(({ bytesBefore }) => bytesBefore),
    bytesAfter: sum(({ bytesAfter }) => bytesAfter),
    decks: sum(({ decks }) => decks),
    tooLarge: rows.filter(({ largest }) => largest > profile.memory * 1024).length,
    cpuPer100KiB: (sum(({ cpu }) => cpu, came) / sum(({ bytesBefore }) => bytesBefore, came)) * 102_400,
  };
}

/** The service alone, on a page that is there: the best of some runs, for other work of the machine only adds to it. */
async function cpuTime(preset: string, body: Buffer): Promise<number> {
  const profile = PRESETS.get(preset)!;
  const times: number[] = [];
  for (let n = 0; n < RUNS; n++) {
    const before = process.cpuUsage();
    await run({ headers: [['Content-Type', 'text/html']], body, step: 16_384, profile });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}
