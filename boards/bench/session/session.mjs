// npm run bench -- --board NAME --session [--json]: what a delegated session costs a board, step by step, and whether the
// whole of it pays: ten objects on three origins, delegated and direct.
import { buildClient } from '../../parts/firmware.mjs';
import { runMeasured } from './run.mjs';
import { serveStory } from './story.mjs';
import { startWorld } from './world.mjs';

/** Widths of the photographs, in pixels. */
const WIDTHS = [100, 400, 800, 1600];
const SMALL = 4;
const LARGE = 132;

/** What the steps that the client tells of add up to. */
const PARTS = {
  'boot to ready': ['ready'],
  'main session': ['main-session-open', 'welcome'],
  'resumed conduit': ['conduit-open', 'tunnel-open'],
  'handshake with the origin': ['origin-verified'],
  delivery: ['delivered', 'active'],
};

export async function benchSession(board, { json, step = () => {} }) {
  const firmware = await buildClient(board);
  const world = await startWorld();
  try {
    const report = {
      board: board.name,
      title: board.title,
      unit: 'instructions (QEMU -icount shift=0), not cycles; sleep left out',
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

async function measureSteps(board, firmware, world, step) {
  const file = (kib) => ({ type: 'application/octet-stream', body: Buffer.alloc(kib * 1024, 'deputy') });
  const url = await world.serve({ '/small': file(SMALL), '/large': file(LARGE) });
  const run = (path, way) => {
    step(`steps, ${path} ${way === world.direct ? 'directly' : 'delegated'}`);
    return runMeasured(board, firmware, ['get', url + path, ...way]);
  };
  const small = await run('/small', world.delegated);
  const slope = async (way, first) => {
    const [less, more] = [first ?? (await run('/small', way)), await run('/large', way)];
    return Math.round((more.total - less.total) / (LARGE - SMALL));
  };
  const sum = (names) =>
    small.steps.reduce(
      (all, { step: name, instructions }) => all + (names.includes(name) ? instructions : 0),
      0,
    );
  return {
    steps: Object.entries(PARTS).map(([name, names]) => ({ step: name, instructions: sum(names) })),
    perKibibyte: {
      delegated: await slope(world.delegated, small),
      direct: await slope(world.direct),
    },
    memory: { heap: small.heap, linear: small.linear },
  };
}

async function measurePage(board, firmware, world, width) {
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

const million = (count) => (count / 1e6).toFixed(count < 1e7 ? 2 : 0);
const kib = (bytes) => (bytes / 1024).toFixed(bytes < 102_400 ? 1 : 0);

function text({ title, unit, origin, steps, perKibibyte, memory, pages }) {
  const rows = [
    ...steps.map(({ step, instructions }) => [step, million(instructions)]),
    ['a KiB of page, delegated', million(perKibibyte.delegated)],
    ['a KiB of page, direct', million(perKibibyte.direct)],
  ];
  const pageRows = pages.map((page) => [
    kib(page.directBytes),
    million(page.directInstructions),
    kib(page.delegatedBytes),
    million(page.delegatedInstructions),
    page.ratio.toFixed(2),
  ]);
  return [
    `${title}; ${unit}; ${origin}`,
    table([['step', 'millions'], ...rows]),
    `heap ${kib(memory.heap)} KiB at its peak, linear memory ${kib(memory.linear)} KiB of it`,
    'Ten objects on three origins: fetched directly, and as the one page that a transcoding proxy makes of them',
    table([['direct KiB', 'millions', 'delegated KiB', 'millions', 'ratio'], ...pageRows]),
  ].join('\n\n');
}

function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}
