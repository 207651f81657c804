// Programs of C that use the library, built as a firmware team would build them and run.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const examples = fileURLToPath(new URL('../../../boards/library/examples/', import.meta.url));
export const here = fileURLToPath(new URL('./c/', import.meta.url));

/** A folder for what a test builds, and the way to remove it. */
export function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'deputy-library-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs a command to its end. Throws with what it said where that was no success. */
export function must(command: string, args: readonly string[], cwd?: string, env = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...{ encoding: 'utf8', env: { ...process.env, ...env } },
    ...(cwd !== undefined && { cwd }),
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

export interface Outcome {
  status: number | null;
  out: string;
  said: string;
}

/** Runs a program beside the servers of the test. */
export function runs(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let out = '';
    let said = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
    });
    child.stderr.on('data', (bytes) => {
      said += bytes;
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out, said }));
  });
}
