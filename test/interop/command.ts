// The `deputy` command as a process of its own, and other programs.
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const built = join(root, 'dist/host/cli/deputy.js');

const age = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isStale(): boolean {
  const sources = readdirSync(join(root, 'host'), { recursive: true, encoding: 'utf8' });
  return sources.some((name) => name.endsWith('.ts') && age(join(root, 'host', name)) > age(built));
}

/** Builds dist/ where it is older than its sources. Test files that run side by side build once. */
export function buildCommand(): void {
  const lock = join(root, 'build/interop.lock');
  for (let waited = 0; ; waited++) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (waited > 600) throw new Error(`${lock} is there for a minute: remove it if nothing builds`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    if (isStale()) {
      // It writes what it can in spite of type errors, which are the linter's to tell.
      spawnSync(
        process.execPath,
        [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
        {
          cwd: root,
        },
      );
      // tsc leaves a file alone whose text did not change.
      execFileSync('touch', [built]);
    }
  } finally {
    rmdirSync(lock);
  }
}

/** A running `deputy`, or another program to talk to. */
export class Command {
  stdout = '';
  stderr = '';
  /** Its exit code, once it has ended and all that it said is here; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #changed = new Set<() => void>();
  #over = false;

  private constructor(readonly child: ChildProcess) {
    child.stdout!.on('data', (bytes) => {
      this.stdout += bytes;
      this.#wake();
    });
    child.stderr!.on('data', (bytes) => {
      this.stderr += bytes;
      this.#wake();
    });
    // Not `exit`: what it said last may still be in the pipe then.
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        this.#over = true;
        this.#wake();
        resolve(code);
      });
    });
  }

  static start(args: string[], { node = [] as string[], env = {} as Record<string, string> } = {}): Command {
    return Command.of(process.execPath, [...node, built, ...args], env);
  }

  static of(program: string, args: string[], env: Record<string, string> = {}): Command {
    return new Command(
      spawn(program, args, {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
  }

  /** Waits until its output matches; throws what it said where it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (match !== null) return match;
      if (this.#over) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#changed.add(resolve));
    }
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), 8000);
    await this.ended;
    clearTimeout(force);
  }

  #wake(): void {
    for (const wake of this.#changed) wake();
    this.#changed.clear();
  }
}

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export function run(program: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { env: { ...process.env, ...env }, maxBuffer: 1 << 26, timeout: 30_000 },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ status, stdout, stderr });
      },
    );
  });
}

/** `deputy` to its end. */
export const deputy = (args: string[], env: Record<string, string> = {}) =>
  run(process.execPath, [built, ...args], env);
