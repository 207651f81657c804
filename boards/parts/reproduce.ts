// `npm run reproduce`: builds the wasm programs, and the firmware of boards, twice, and compares the bytes. The second build
// runs in a folder with a longer name, later, in another time zone, language and file mode.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBoard, missingCompiler } from './boards.js';
import { buildClient } from './firmware.js';
import { compile, targets } from './wasm.js';

const usage = `Usage: npm run reproduce -- [BOARD…]

Builds every wasm program, and the client's firmware of each board that is named, in two copies of the sources: in folders
of different length, at different times, in different time zones and languages. Fails where one file differs.
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = [
  'assembly',
  'boards',
  'host',
  'asconfig.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** A copy of the sources, which shares the packages and the fetched archives of parts. */
function copySources(folder: string): void {
  mkdirSync(join(folder, 'build'), { recursive: true });
  for (const name of SOURCES) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const parts = join(root, 'build/parts');
  if (existsSync(parts)) cpSync(parts, join(folder, 'build/parts'), { recursive: true });
}

/** Builds in a copy of the sources; gives each file's SHA-256. */
function build(folder: string, boards: readonly string[], env: Record<string, string>): Map<string, string> {
  const script = join(folder, 'boards/parts/reproduce.ts');
  const run = spawnSync('npx', ['tsx', script, '--build', ...boards], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(`a build failed:\n${run.stdout}\n${run.stderr}`);
  const lines = run.stdout.split('\n').filter((line) => line.startsWith('built '));
  return new Map(
    lines.map((line) => {
      const [, name = '', file = ''] = line.split(' ');
      return [name, createHash('sha256').update(readFileSync(file)).digest('hex')];
    }),
  );
}

/** In a copy: builds, and prints where each file is. */
async function buildHere(boards: readonly string[]): Promise<void> {
  process.chdir(root);
  for (const target of Object.keys(targets)) {
    await compile(target);
    console.log(`built ${target}.wasm ${join(root, 'build', `${target}.wasm`)}`);
  }
  for (const name of boards) console.log(`built ${name} ${await buildClient(await findBoard(name))}`);
}

async function compareBuilds(boards: readonly string[]): Promise<number> {
  for (const name of boards) {
    const missing = missingCompiler(await findBoard(name));
    if (missing !== undefined) {
      console.error(missing);
      return 2;
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'deputy-'));
  try {
    const [one, other] = [join(folder, 'a'), join(folder, 'a-folder-with-a-longer-name')];
    // Both at once: what is changed here meanwhile must not look like a difference.
    copySources(one);
    copySources(other);
    const first = build(one, boards, { TZ: 'UTC', LC_ALL: 'C' });
    const second = build(other, boards, { TZ: 'Pacific/Kiritimati', LC_ALL: 'C.UTF-8' });
    let different = 0;
    for (const [name, sha256] of first) {
      const isSame = second.get(name) === sha256;
      if (!isSame) different++;
      console.log(`${isSame ? 'same     ' : 'DIFFERENT'} ${sha256} ${name}`);
    }
    return different === 0 && first.size === Object.keys(targets).length + boards.length ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--build') await buildHere(rest);
else if (first === '--help') console.log(usage);
else process.exitCode = await compareBuilds(process.argv.slice(2));
