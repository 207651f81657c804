// Where the bytes of a response go, and how far they have come.
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { DeputyError } from '../delegation/error.js';
import { drained } from '../platform/node/drained.js';

/** Shown only on a terminal, and only when a transfer takes this long. */
const QUIET = 500;
const INTERVAL = 200;

/**
 * A reader such as `head` has seen enough: the command ends, and says nothing. One that has work to do beside what it
 * prints sees to it with a listener of its own.
 */
export function endQuietly(): void {
  const onError = (stream: NodeJS.WriteStream, isNeeded: boolean) => (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (isNeeded && stream.listenerCount('error') === 1) process.exit();
  };
  process.stdout.on('error', onError(process.stdout, true));
  process.stderr.on('error', onError(process.stderr, false));
}

/** Writes `body` to a file, or to standard output, no faster than either takes it. Resolves with the bytes written. */
export async function writeBody(body: AsyncIterable<Uint8Array>, file: string | undefined): Promise<number> {
  const out = file === undefined ? process.stdout : createWriteStream(file);
  let failure: Error | undefined;
  const onError = (error: Error) => {
    failure = error;
  };
  out.on('error', onError);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      if (failure !== undefined) throw failure;
      bytes += chunk.length;
      if (!out.write(chunk)) await drained(out);
    }
    if (file !== undefined) await finished(out.end());
    if (failure !== undefined) throw failure;
    return bytes;
  } catch (error) {
    // A reader such as `head` has seen enough: nothing is wrong.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE' && file === undefined) return bytes;
    if (failure === undefined || error !== failure) throw error;
    throw new DeputyError(
      'FILE_UNWRITABLE',
      `${file ?? 'standard output'} can't be written: ${failure.message}`,
    );
  } finally {
    if (file === undefined) out.off('error', onError);
  }
}

/** `body`, its progress shown on `terminal` while it passes; nothing is shown where that is no terminal. */
export async function* withProgress(
  body: AsyncIterable<Uint8Array>,
  total: number | undefined,
  terminal: NodeJS.WriteStream = process.stderr,
): AsyncGenerator<Uint8Array, void, void> {
  if (!terminal.isTTY) {
    yield* body;
    return;
  }
  const progress = new Progress(total, terminal);
  try {
    for await (const chunk of body) {
      progress.add(chunk.length);
      yield chunk;
    }
  } finally {
    progress.end();
  }
}

/** How far some bytes have come, on a terminal, where it takes long. */
export class Progress {
  readonly #started = Date.now();
  #bytes = 0;
  #shown = 0;

  constructor(
    private readonly total: number | undefined,
    private readonly terminal: NodeJS.WriteStream = process.stderr,
  ) {}

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = Date.now();
    if (!this.terminal.isTTY || now - this.#started <= QUIET || now - this.#shown <= INTERVAL) return;
    this.#shown = now;
    this.terminal.write(`\r\x1b[K${progressLine(this.#bytes, this.total, now - this.#started)}`);
  }

  end(): void {
    if (this.#shown > 0) this.terminal.write('\r\x1b[K');
  }
}

export function progressLine(bytes: number, total: number | undefined, milliseconds: number): string {
  const rate = `${size((bytes * 1000) / Math.max(1, milliseconds))}/s`;
  if (total === undefined || total === 0) return `${size(bytes)}  ${rate}`;
  return `${Math.min(100, Math.floor((100 * bytes) / total))} %  ${size(bytes)} of ${size(total)}  ${rate}`;
}

function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
