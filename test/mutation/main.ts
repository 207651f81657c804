// `npm run mutate`: changes the lines that admit, verify, bound and keep apart, one at a time, and counts the changes that
// the tests notice.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutants.js';
import { survivors } from './survivors.js';
import { type Target, targets } from './targets.js';

const usage = `Usage: npm run mutate -- [options]

Changes one line at a time of the files that admit, verify, bound and keep apart, runs their tests on each change, and prints
how many changes the tests noticed, and those that they did not, with the reason where there is one. Exits with 1 below
90 %, or where a survivor has no reason.

  --only TEXT  files whose path contains TEXT
  --every N    every Nth change alone: a sample
  --jobs N     at once (2)
  --json       one JSON object
  --help       this text
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
/** Milliseconds for the tests of one change, and how many times as long as without it: who loops forever is noticed too. */
const LONGEST = 90_000;
const SHORTEST = 15_000;
const SLOWER = 8;
const ENOUGH = 90;

interface Survivor {
  file: string;
  line: number;
  change: string;
  reason?: string;
}

interface Tally {
  file: string;
  mutants: number;
  noticed: number;
}

/** Whether the tests fail. */
function isNoticed({ file, tests }: Target, mutant?: Mutant, timeout = LONGEST): Promise<boolean> {
  return new Promise((resolve) => {
    const args = [vitest, 'run', '--config', 'test/mutation/vitest.config.ts', ...tests];
    const env = { ...process.env, MUTANT: mutant === undefined ? '{}' : JSON.stringify({ ...mutant, file }) };
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore', timeout });
    child.once('exit', (code) => resolve(code !== 0));
  });
}

async function judge(
  target: Target,
  every: number,
  jobs: number,
): Promise<{ tally: Tally; left: Survivor[] }> {
  const { file, tests } = target;
  const missing = [file, ...tests].find((name) => !existsSync(join(root, name)));
  if (missing !== undefined) throw new Error(`${missing} is not there: mend test/mutation/targets.ts`);
  const begun = performance.now();
  if (await isNoticed(target)) throw new Error(`the tests of ${file} fail as it is`);
  const patience = Math.min(LONGEST, Math.max(SHORTEST, SLOWER * (performance.now() - begun)));
  const mutants = mutantsOf(file, readFileSync(join(root, file), 'utf8')).filter((_, i) => i % every === 0);
  const tally = { file, mutants: mutants.length, noticed: 0 };
  const left: Survivor[] = [];
  const queue = [...mutants];
  const work = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${file}: ${queue.length} left`);
      if (await isNoticed(target, mutant, patience)) tally.noticed++;
      else {
        const reason = survivors[file]?.[mutant.change];
        left.push({
          file,
          line: mutant.line,
          change: mutant.change,
          ...(reason !== undefined && { reason }),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { tally, left: left.sort((one, other) => one.line - other.line) };
}

const percent = ({ mutants, noticed }: Pick<Tally, 'mutants' | 'noticed'>) =>
  mutants === 0 ? 100 : Math.round((noticed * 1000) / mutants) / 10;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      every: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const tallies: Tally[] = [];
  const left: Survivor[] = [];
  for (const target of targets.filter(({ file }) => file.includes(values.only))) {
    const judged = await judge(target, Number(values.every), Number(values.jobs));
    tallies.push(judged.tally);
    left.push(...judged.left);
    const { file, noticed, mutants } = judged.tally;
    if (values.json) continue;
    console.log(`${String(percent(judged.tally)).padStart(5)} %  ${noticed} of ${mutants}  ${file}`);
    for (const { line, change, reason } of judged.left)
      console.log(`         line ${line}: ${change}\n           ${reason ?? 'NO REASON'}`);
  }
  const sum = {
    mutants: tallies.reduce((total, { mutants }) => total + mutants, 0),
    noticed: tallies.reduce((total, { noticed }) => total + noticed, 0),
  };
  const score = percent(sum);
  if (values.json) console.log(JSON.stringify({ score, ...sum, files: tallies, survivors: left }, null, 2));
  else console.log(`\n${score} %: ${sum.noticed} of ${sum.mutants} changes were noticed`);
  return score < ENOUGH || left.some(({ reason }) => reason === undefined) ? 1 : 0;
}

process.exitCode = await main();
