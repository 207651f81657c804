// One process writes a log: FILE.lock names it for as long as it does.
import { readFileSync } from 'node:fs';
import { open, readFile, unlink } from 'node:fs/promises';
import { DeputyError } from '../../delegation/error.js';

/** Gives the log back. */
export type Unlock = () => Promise<void>;

/** Logs that this very process writes. */
const own = new Set<string>();

/** Throws AUDIT_IN_USE where another log of this process, or another process of this machine, writes `file`. */
export async function lock(file: string): Promise<Unlock> {
  const path = `${file}.lock`;
  const name = `${process.pid} ${startOf(process.pid)}\n`;
  for (let tries = 0; tries < 3; tries++) {
    try {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(name).finally(() => handle.close());
      own.add(path);
      return async () => {
        own.delete(path);
        await unlink(path).catch(() => {});
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    const [pid = 0, start = ''] = holder
      .trim()
      .split(' ')
      .map((part, i) => (i === 0 ? Number(part) : part));
    // The number may have gone to another process since; or to this one, which has not locked anything yet.
    const isHeld =
      typeof pid === 'number' && pid > 0 && startOf(pid) === start && (pid !== process.pid || own.has(path));
    if (isHeld) {
      const text = `the audit log ${file} is written by process ${pid}: each proxy needs a log of its own`;
      throw new DeputyError('AUDIT_IN_USE', text);
    }
    await unlink(path).catch(() => {});
  }
  throw new DeputyError('AUDIT_IN_USE', `the audit log ${file} could not be locked: try again`);
}

/** When a process began, in the kernel's words; empty where there is none, or no /proc to ask. */
function startOf(pid: number): string {
  try {
    // Its name, in parentheses, may hold anything (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return isAlive(pid) ? 'alive' : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
