// npm run bench -- --board NAME --session [--json]: what a delegated session costs a board, step by step, and whether the
// whole of it pays: ten objects on three origins, delegated and direct.
import type { Board, Engine } from '../../parts/boards.js';
import { buildClient } from '../../parts/firmware.js';
import { type Measured, runMeasured } from './run.js';
import { serveStory } from './story.js';
import { startWorld, type World } from './world.js';

type Step = (name: string) => void;
type Way = 'delegated' | 'direct';

/** The median of some runs, and the least and the most. */
interface Spread {
  readonly instructions: number;
  readonly least: number;
  readonly most: number;
}

interface Page {
  readonly objects: number;
  readonly directBytes: number;
  readonly directInstructions: number;
  readonly delegatedBytes: number;
  readonly delegatedInstructions: number;
  readonly ratio: number;
}

interface Report extends Steps {
  readonly board: string;
  readonly title: string;
  readonly engine: Engine;
  readonly unit: string;
  readonly runs: number;
  readonly origin: string;
  readonly pages: Page[];
}

interface Steps {
  readonly steps: readonly (Spread & { readonly step: string })[];
  readonly perKibibyte: Readonly<Record<Way, Spread>>;
  readonly memory: { readonly heap: number; readonly linear: number };
}

/** Widths of the photographs, in pixels. */
const WIDTHS = [100, 400, 800, 1600];
const SMALL = 4;
const LARGE = 132;
/**
 * Of each step. Rows of the primitives' benchmark are the same each time; here the other ends choose randoms, keys and
 * tickets of their own, and packets come when they come.
 */
const RUNS = 3;

/** What the steps that the client tells of add up to. */
const PARTS = {
  'boot to ready': ['ready'],
  'main session': ['main-session-open', 'welcome'],
  'resumed conduit': ['conduit-open', 'tunnel-open'],
  'handshake with the origin': ['origin-verified'],
  delivery: ['delivered', 'active'],
};

export async function benchSession(
  board: Board,
  { json, engine = 'wasm3', step = () => {} }: { json: boolean; engine?: Engine; step?: Step },
): Promise<void> {
  const firmware = await buildClient(board, { engine });
  const world = await startWorld();
  try {
    const report: Report = {
      board: board.name,
      title: board.title,
      engine,
      unit: 'instructions (QEMU -icount shift=0), not cycles; sleep left out',
      runs: RUNS,
      origin: `${world.server}, TLS 1.3, ECDSA P-256, chain of two`,
      ...(await measureSteps(board, firmware, world, step)),
      pages: [],
    };
    for (const width of WIDTHS) {
      step(`pages, pictures of ${width} pixels`);
      report.pages.push(await measurePage(board, firmware, world, width));
    }
    step('');
    console.log(json ? JSON.stringify(report, null, 2) : text(report));
  } finally {
    await world.stop();
  }
}

async function measureSteps(board: Board, firmware: string, world: World, step: Step): Promise<Steps> {
  const file = (kib: number) => ({
    type: 'application/octet-stream',
    body: Buffer.alloc(kib * 1024, 'deputy'),
  });
  const url = await world.serve({ '/small': file(SMALL), '/large': file(LARGE) });
  const run = async (path: string, way: Way) => {
    const runs: Measured[] = [];
    for (let i = 1; i <= RUNS; i++) {
      step(`steps, ${path} ${way === 'direct' ? 'directly' : way}, ${i} of ${RUNS}`);
      runs.push(await runMeasured(board, firmware, ['get', url + path, ...world[way]]));
    }
    return runs;
  };
  const small = {
    delegated: await run('/small', 'delegated'),
    direct: await run('/small', 'direct'),
  };
  const slope = async (way: Way) => {
    const large = await run('/large', way);
    return spread(large.map(({ total }, i) => Math.round((total - small[way][i]!.total) / (LARGE - SMALL))));
  };
  const sum = (steps: Measured['steps'], names: readonly string[]) =>
    steps.reduce((all, { step: name, instructions }) => all + (names.includes(name) ? instructions : 0), 0);
  return {
    steps: Object.entries(PARTS).map(([name, names]) => ({
      step: name,
      ...spread(small.delegated.map(({ steps }) => sum(steps, names))),
    })),
    perKibibyte: { delegated: await slope('delegated'), direct: await slope('direct') },
    memory: { heap: small.delegated[0]!.heap, linear: small.delegated[0]!.linear },
  };
}

function spread(counts: readonly number[]): Spread {
  const sorted = counts.toSorted((a, b) => a - b);
  return { instructions: sorted[sorted.length >> 1]!, least: sorted[0]!, most: sorted.at(-1)! };
}

async function measurePage(board: Board, firmware: string, world: World, width: number): Promise<Page> {
  const { page, objects } = await serveStory(world.serve, width);
  const direct = await runMeasured(board, firmware, ['get', ...objects, ...world.direct]);
  const delegated = await runMeasured(board, firmware, ['get', page, ...world.delegated]);
  return {
    objects: objects.length,
    directBytes: direct.page.length,
    directInstructions: direct.total,
    delegatedBytes: delegated.page.length,
    delegatedInstructions: delegated.total,
    ratio: Number((delegated.total / direct.total).toPrecision(3)),
  };
}

const million = (count: number) => (count / 1e6).toFixed(count < 1e7 ? 2 : 0);
const kib = (bytes: number) => (bytes / 1024).toFixed(bytes < 102_400 ? 1 : 0);

function text({ title, engine, unit, origin, runs, steps, perKibibyte, memory, pages }: Report): string {
  const row = (name: string, { instructions, least, most }: Spread) => [
    name,
    million(instructions),
    `${(((most - least) / instructions) * 100).toFixed(1)} %`,
  ];
  const rows = [
    ...steps.map((counts) => row(counts.step, counts)),
    row('a KiB of page, delegated', perKibibyte.delegated),
    row('a KiB of page, direct', perKibibyte.direct),
  ];
  const pageRows = pages.map((page) => [
    kib(page.directBytes),
    million(page.directInstructions),
    kib(page.delegatedBytes),
    million(page.delegatedInstructions),
    page.ratio.toFixed(2),
  ]);
  return [
    `${title}; ${engine}; ${unit}; ${origin}`,
    table([['step', 'millions', `spread of ${runs} runs`], ...rows]),
    `heap ${kib(memory.heap)} KiB at its peak, linear memory ${kib(memory.linear)} KiB of it`,
    'Ten objects on three origins: fetched directly, and as the one page that a transcoding proxy makes of them',
    table([['direct KiB', 'millions', 'delegated KiB', 'millions', 'ratio'], ...pageRows]),
  ].join('\n\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}
