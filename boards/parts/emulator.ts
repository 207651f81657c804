// Starts an emulator without this machine's sound, and keeps what it says about that from the board's console.

import type { ChildProcess, SpawnSyncOptions, SpawnSyncReturns, StdioOptions } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { Transform, type TransformCallback } from 'node:stream';

// QEMU 7.2 gives every board that could make a sound the sound of this machine. Even when it is told to leave that alone,
// Debian's names each module of sound that is not installed, on the output that is the board's error console too.
const silent = () => ({ ...process.env, QEMU_AUDIO_DRV: 'none' });
const ABOUT_SOUND = /^qemu: module audio-\S+ not found\b/;

/** As spawn. An error console that is inherited or piped holds what the board says, from its first byte on. */
export function startEmulator(
  program: string,
  args: readonly string[],
  { stdio = 'pipe' }: { stdio?: StdioOptions } = {},
): ChildProcess {
  const [input, output, error] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
  const child = spawn(program, args, {
    stdio: [input, output, error === 'inherit' ? 'pipe' : error],
    env: silent(),
  });
  if (child.stderr === null) return child;
  const said = child.stderr.pipe(new BoardsOwn());
  if (error === 'inherit') said.pipe(process.stderr, { end: false });
  child.stderr = said;
  return child;
}

/** As spawnSync, with text. */
export function runEmulator(
  program: string,
  args: readonly string[],
  options?: SpawnSyncOptions,
): SpawnSyncReturns<string> {
  const run = spawnSync(program, args, { ...options, encoding: 'utf8', env: silent() });
  const lines = (run.stderr ?? '').split('\n');
  const first = lines.findIndex((line) => !ABOUT_SOUND.test(line));
  return { ...run, stderr: lines.slice(first).join('\n') };
}

// Leaves out the lines about sound, all of which come first.
class BoardsOwn extends Transform {
  #started = false;
  #line = '';

  override _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.#started) {
      done(null, bytes);
      return;
    }
    // One character a byte, so that nothing is changed between.
    this.#line += bytes.toString('latin1');
    for (let end = this.#line.indexOf('\n'); end >= 0; end = this.#line.indexOf('\n')) {
      if (!ABOUT_SOUND.test(this.#line)) {
        this._flush(done);
        return;
      }
      this.#line = this.#line.slice(end + 1);
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#started = true;
    const rest = Buffer.from(this.#line, 'latin1');
    this.#line = '';
    done(null, rest.length > 0 ? rest : undefined);
  }
}
