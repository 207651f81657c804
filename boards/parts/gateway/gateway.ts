// Compiles the gateway for this machine, and gives the command that starts an emulator behind it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const output = fileURLToPath(new URL('../../../build/parts', import.meta.url));
const header = '#include <slirp/libslirp.h>\n';

/** Path of the gateway, compiled where its sources have changed. Throws where there is no compiler or no libslirp. */
export function gateway(): string {
  const sources = readdirSync(folder)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => join(folder, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const file = join(output, `gateway-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(file)) return file;
  const found = spawnSync('cc', ['-E', '-x', 'c', '-'], {
    input: header,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (found.status !== 0) throw new Error('libslirp not found; on Debian: apt-get install gcc libslirp-dev');
  mkdirSync(output, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  const units = sources.filter((source) => source.endsWith('.c'));
  const command = ['-std=gnu11', '-O2', '-Wall', '-Wextra', ...units, '-o', unfinished, '-lslirp'];
  const { status, stderr } = spawnSync('cc', command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc failed:\n${stderr}`);
  renameSync(unfinished, file);
  return file;
}

/** A worse network between the board and the machine that emulates it (impairment.h). */
export interface Impairment {
  /** Of a hundred packets. */
  loss?: number;
  /** Milliseconds at most. */
  delay?: number;
  /** Packets after which none passes. */
  cut?: number;
  seed?: number;
}

/** The file descriptor that the emulator has the line on. */
export const LINE = 3;

/**
 * The gateway with its arguments; the emulator and its own follow. `line` is what the board's line carries: `slip` or
 * `ethernet`. Of a hundred packets `loss` are lost, each is delayed by up to `delay` milliseconds, and after `cut`
 * packets none passes.
 */
export function gatewayCommand(
  line: 'slip' | 'ethernet',
  { loss = 0, delay = 0, cut = 0, seed = 1 }: Impairment = {},
): [string, ...string[]] {
  for (const [name, value] of Object.entries({ loss, delay, cut, seed }))
    if (!Number.isInteger(value) || value < 0) throw new Error(`${name} is a whole number, not ${value}`);
  return [gateway(), line, ...[loss, delay, cut, seed].map(String)];
}
