// A program whose keys are delivered for as long as it runs: it begins when the proxy is there, and its key log is gone
// when it has ended.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeputyError } from '../../delegation/error.js';

/** Delivers what comes in `file` until `signal` aborts, and says when it has begun. */
export type Deliver = (file: string, signal: AbortSignal, onReady: () => void) => Promise<void>;

/** Gives the program's exit code; 1 where a signal ended it. Throws PROGRAM_NOT_FOUND, and what `deliver` throws. */
export async function runLogged([name, ...args]: readonly string[], deliver: Deliver): Promise<number> {
  // mkdtemp lets nobody else in.
  const folder = await mkdtemp(join(tmpdir(), 'deputy-keylog-'));
  const file = join(folder, 'keys');
  const over = new AbortController();
  try {
    let onReady = () => {};
    const ready = new Promise<void>((resolve) => {
      onReady = resolve;
    });
    const delivering = deliver(file, over.signal, onReady);
    await Promise.race([ready, delivering]);
    const ended = run(name!, args, file);
    // A proxy that goes takes the deliveries with it; the program learns by its connections.
    const [code] = await Promise.all([ended.finally(() => over.abort()), delivering]);
    return code;
  } finally {
    over.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

function run(name: string, args: readonly string[], file: string): Promise<number> {
  // It is told to end, not this command, which has its keys to wipe. Before it begins: it may be heard of at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const child = spawn(name, args, { stdio: 'inherit', env: { ...process.env, SSLKEYLOGFILE: file } });
  return new Promise((resolve, reject) => {
    child.once('error', () => reject(new DeputyError('PROGRAM_NOT_FOUND', `'${name}' can't be run`)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
