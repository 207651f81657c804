// Obtains C parts whose sources Debian distributes: the upstream archive of a source package, pinned by its SHA-256.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Part {
  readonly title: string;
  readonly version: string;
  /** Debian's source package, and the suite that has this version. */
  readonly package: string;
  readonly suite: string;
  /** Of the upstream archive. */
  readonly sha256: string;
  /** Environment variable that may name a checkout. */
  readonly variable: string;
  /** A file that the sources hold. */
  readonly witness: string;
}

const build = fileURLToPath(new URL('../../build/parts', import.meta.url));
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The folder of a part's sources: the checkout that `part.variable` names in the environment, taken as it is, else the
 * pinned archive, fetched once and unpacked into build/parts. Throws with what to do where neither can be had.
 */
export function partSources(part: Part): string {
  const checkout = process.env[part.variable];
  if (checkout) {
    if (!existsSync(join(checkout, part.witness))) {
      throw new Error(`${part.variable}=${checkout} holds no ${part.witness}`);
    }
    return resolve(checkout);
  }
  const folder = join(build, `${part.package}-${part.sha256.slice(0, 12)}`);
  if (existsSync(join(folder, part.witness))) return folder;
  mkdirSync(build, { recursive: true });
  // Of this process alone; the finished folder appears at once.
  const work = mkdtempSync(join(build, 'fetch-'));
  try {
    const archive = fetchArchive(part, work);
    const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (sha256 !== part.sha256) {
      throw new Error(`the source of ${part.package} has SHA-256 ${sha256}, expected ${part.sha256}`);
    }
    const unpacked = join(work, 'unpacked');
    mkdirSync(unpacked);
    run('tar', ['-xf', archive, '-C', unpacked, '--strip-components=1'], work);
    if (!existsSync(folder)) renameSync(unpacked, folder);
  } catch (error) {
    throw new Error(`${(error as Error).message}; or let ${part.variable} name a checkout of ${part.title}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

// apt with lists and a cache of its own: those of the system stay as they are.
function fetchArchive(part: Part, work: string): string {
  for (const folder of ['sources', 'lists/partial', 'cache/archives/partial'])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'sources/part.sources'), sourceList(part.suite));
  const options = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': join(work, 'sources'),
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': '',
  };
  const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  run('apt-get', [...settings, '-qq', 'update'], work);
  run(
    'apt-get',
    [...settings, '-qq', 'source', '--download-only', '--tar-only', `${part.package}/${part.suite}`],
    work,
  );
  const archive = readdirSync(work).find((file) => /\.orig\.tar\.\w+$/.test(file));
  if (!archive) throw new Error(`apt-get gave no source of ${part.package}`);
  return join(work, archive);
}

// A source list derived from where this machine gets its own packages.
function sourceList(suite: string) {
  const targets = run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(LABEL) $(COMPONENT)',
    'Created-By: Packages',
  ]);
  const [uri] = targets
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, label, component]) => label === 'Debian' && component === 'main')
    .map(([found]) => found);
  if (!uri) throw new Error('this machine knows no Debian archive (has apt-get update run?)');
  const signed = existsSync(keyring) ? `Signed-By: ${keyring}\n` : '';
  return `Types: deb-src\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\n${signed}`;
}

function run(command: string, args: readonly string[], cwd = '.'): string {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (result.error) throw new Error(`${command}: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} failed: ${result.stderr.trim().split('\n').at(-1)}`);
  return result.stdout;
}
