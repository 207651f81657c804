// Programs run to their end, and what the packaging tool says while it waits for them.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn } from 'node:child_process';
import { once } from 'node:events';

export type Ran = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>;

export async function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...said };
}

/** Runs a program that must succeed. Gives its standard output. */
export async function succeed(...args: Parameters<typeof run>): Promise<string> {
  const ran = await run(...args);
  assert.equal(ran.status, 0, `${args[1]} ${args[2].join(' ')}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

/** Does `work`, and prints its name, its result and its time. */
export async function step(what: string, work: () => Promise<string | undefined>): Promise<void> {
  const start = Date.now();
  const said = await work();
  console.log(`${what}${said ? `: ${said}` : ''} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}
