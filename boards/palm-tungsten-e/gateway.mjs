// Compiles the gateway for this machine: the serial line's other end.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('./gateway.c', import.meta.url));
const output = fileURLToPath(new URL('../../build/firmware/palm-tungsten-e', import.meta.url));
const header = '#include <slirp/libslirp.h>\n';

/** Path of the gateway, compiled where its source has changed. Throws where there is no compiler or no libslirp. */
export function gateway() {
  const print = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16);
  const file = join(output, `gateway-${print}`);
  if (existsSync(file)) return file;
  const found = spawnSync('cc', ['-E', '-x', 'c', '-'], {
    input: header,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (found.status !== 0) throw new Error('libslirp not found; on Debian: apt-get install gcc libslirp-dev');
  mkdirSync(output, { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  const command = ['-std=gnu11', '-O2', '-Wall', '-Wextra', source, '-o', unfinished, '-lslirp'];
  const { status, stderr } = spawnSync('cc', command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc failed:\n${stderr}`);
  renameSync(unfinished, file);
  return file;
}
