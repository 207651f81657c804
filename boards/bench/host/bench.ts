// npm run bench -- [--json]: records, sessions and the proxy on this machine. Times are of this machine and this run;
// only their ratios mean anything elsewhere.
import { measureRecords, type RecordRow } from './records.js';
import { measureSessions, type SessionRow } from './sessions.js';
import { measureThroughput, type ThroughputRow } from './throughput.js';
import { startWorld } from './world.js';

const LARGE = 64 << 20;
const PARAGRAPH =
  '<p class="x">A paragraph of <b>some</b> <i>length</i>, with a <a href="/">link</a> in it.</p>\n';
const ENGINES = ['wasm3', 'v8'] as const;

export async function benchHost({
  json,
  progress,
}: {
  json: boolean;
  progress?: (step: string) => void;
}): Promise<void> {
  const page = `<!doctype html><body>${PARAGRAPH.repeat(100_000)}</body>`;
  const files = {
    '/small': { type: 'text/plain', body: 'small' },
    '/large': { type: 'application/octet-stream', body: Buffer.alloc(LARGE, 'deputy') },
    '/page': { type: 'text/html; charset=utf-8', body: page },
  };
  const step = progress ?? (() => {});
  const world = await startWorld(files);
  try {
    const report: Report = {
      machine: `Node.js ${process.version} on ${process.arch}`,
      origin: `${world.origin.server}, TLS 1.3, TLS_AES_128_GCM_SHA256, P-256`,
      records: await measureRecords(ENGINES, step),
      sessions: await measureSessions(world, ENGINES, step),
      throughput: await measureThroughput(world, step),
    };
    step('');
    console.log(json ? JSON.stringify(report, null, 2) : text(report));
  } finally {
    await world.stop();
  }
}

interface Report {
  readonly machine: string;
  readonly origin: string;
  readonly records: readonly RecordRow[];
  readonly sessions: readonly SessionRow[];
  readonly throughput: readonly ThroughputRow[];
}

function text({ machine, origin, records, sessions, throughput }: Report): string {
  const number = (value: number) => value.toFixed(value < 10 ? 2 : 0);
  const blocks = [
    [
      ['16 KiB records', 'engine', 'seal MiB/s', 'open MiB/s'],
      ...records.map((r) => [r.suite, r.engine, number(r.sealMiBPerSecond), number(r.openMiBPerSecond)]),
    ],
    [
      ['sessions', 'engine', 'handshakes/s', 'first byte ms', 'wasm memory KiB'],
      ...sessions.map((r) => [
        r.way,
        r.engine,
        number(r.handshakesPerSecond),
        number(r.firstByteMilliseconds),
        number(r.memoryBytes / 1024),
      ]),
    ],
    [
      ['proxy, one process', '', 'MiB/s', 'CPU s/GiB'],
      ...throughput.map((r) => [r.session, '', number(r.MiBPerSecond), number(r.proxySecondsPerGiB)]),
    ],
  ];
  return [`${machine}; origin ${origin}`, ...blocks.map(table)].join('\n\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}
