// `npm run fuzz`: looks for inputs that trap, hang, or break what must always hold.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, workerData } from 'node:worker_threads';
import { CompiledTarget } from './compiled_target.js';
import { explore, Window } from './explore.js';
import { ReaderTarget } from './reader_target.js';
import { filters } from './readers/filters.js';
import { frames } from './readers/frames.js';
import { heads } from './readers/heads.js';
import { decks, pages } from './readers/pages.js';
import type { Outcome, Target } from './target.js';

const root = process.cwd();
const script = new URL(import.meta.url);
const readers = [heads, frames, pages, decks, filters];
const targets: Target[] = [
  new CompiledTarget('clear', 'what a server sends, up to the first sealed record', 'connection.c', root),
  new CompiledTarget(
    'unsealed',
    'what a server sends, any tag and signature taken for right',
    'connection.c',
    root,
  ),
  new CompiledTarget('chain', "a root and a server's certificates", 'chain.c', root),
  ...readers.map((reader) => new ReaderTarget(reader, root, script.pathname)),
];

const usage = `Usage: npm run fuzz -- [targets] [options]

Runs each target with bent inputs, two targets at a time, and saves the first input that traps, hangs, makes
AddressSanitizer speak, or breaks what the target says must always hold.

${targets.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}

The first three are the device program: compiled from its own source, translated to C by wasm2c, and built by clang with
libFuzzer and AddressSanitizer, which also watches the blocks of the program's heap. The others run under V8.

  --seconds N    how long each target runs (60)
  --jobs N       targets at a time (${jobsByDefault()})
  --replay FILE  runs one input on the one target that is named, and says what it does
  --json         one JSON object at the end instead of a table
  --help         this text

Inputs that reached something new stay in build/fuzz/TARGET/found, for the next run; build/fuzz can be deleted at any time.
A finding that is mended goes into test/fuzz/corpus/TARGET, which every run reads, and gets a test of its own.
`;

interface Row extends Outcome {
  target: string;
  seconds: number;
  skipped?: string;
}

function jobsByDefault(): number {
  return Math.min(2, availableParallelism());
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      jobs: { type: 'string', default: String(jobsByDefault()) },
      replay: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const unknown = positionals.find((name) => !targets.some((target) => target.name === name));
  const [seconds, jobs] = [Number(values.seconds), Number(values.jobs)];
  const wanted = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const complaint = unknown
    ? `no target is named ${unknown}: ${targets.map(({ name }) => name).join(', ')}`
    : !(Number.isInteger(seconds) && seconds > 0 && Number.isInteger(jobs) && jobs > 0)
      ? '--seconds and --jobs want whole numbers above 0'
      : values.replay !== undefined && wanted.length !== 1
        ? '--replay wants one target'
        : undefined;
  if (complaint !== undefined) {
    console.error(complaint);
    return 2;
  }
  if (values.replay !== undefined && wanted[0]) return replay(wanted[0], resolve(values.replay));
  const rows = await runAll(wanted, seconds, jobs);
  console.log(values.json ? JSON.stringify(rows, null, 2) : table(rows));
  return rows.some(({ finding, skipped }) => finding !== undefined || skipped !== undefined) ? 1 : 0;
}

async function replay(target: Target, file: string): Promise<number> {
  const missing = await target.missing();
  if (missing !== undefined) {
    console.error(missing);
    return 2;
  }
  await target.prepare();
  const report = await target.replay(file);
  console.log(report ?? 'nothing goes wrong');
  return report === undefined ? 0 : 1;
}

async function runAll(wanted: Target[], seconds: number, jobs: number): Promise<Row[]> {
  const rows: Row[] = [];
  const waiting = [...wanted];
  const work = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
      rows.push(await runOne(target, seconds));
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return wanted.flatMap(({ name }) => rows.filter(({ target }) => target === name));
}

async function runOne(target: Target, seconds: number): Promise<Row> {
  const { name } = target;
  const missing = await target.missing();
  if (missing !== undefined) return { target: name, seconds: 0, executions: 0, blocks: 0, skipped: missing };
  console.error(`${name}: building`);
  await target.prepare();
  await mkdir(`${root}/test/fuzz/corpus/${name}`, { recursive: true });
  const start = Date.now();
  let told = start;
  const outcome = await target.run(seconds, ({ executions, blocks, kept }) => {
    if (Date.now() - told < 10_000) return;
    told = Date.now();
    const passed = Math.round((told - start) / 1000);
    console.error(`${name}: ${passed} s, ${executions} executions, ${blocks} blocks, ${kept} inputs kept`);
  });
  if (outcome.finding)
    console.error(`${name}: FOUND\n${outcome.finding.report}\n${again(name, outcome.finding.file)}`);
  return { target: name, seconds: Math.round((Date.now() - start) / 1000), ...outcome };
}

const again = (target: string, file: string) => `again: npm run fuzz -- ${target} --replay ${file}`;

function table(rows: Row[]): string {
  const lines = rows.map(({ target, executions, seconds, blocks, finding, skipped }) => {
    const counts = `${target.padEnd(10)} ${String(executions).padStart(10)} executions in ${seconds} s, ${blocks} blocks`;
    if (skipped) return `${target.padEnd(10)} not run: ${skipped}`;
    return finding ? `${counts}: FOUND, ${finding.file}` : `${counts}, nothing found`;
  });
  const total = rows.reduce((sum, { executions }) => sum + executions, 0);
  return [...lines, `${total} executions in all`].join('\n');
}

if (isMainThread) {
  process.exitCode = await main();
} else {
  const { reader: name, seconds, seed, folder, window } = workerData;
  const reader = readers.find((each) => each.name === name);
  if (reader === undefined) throw new Error(`no reader is named ${name}`);
  await explore(reader, { seconds, seed, folder, script: script.href, window: new Window(window) });
}
