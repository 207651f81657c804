// Writes plans for bench.c and runs them on an emulated board.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledIn } from '../aot/compiled_in.js';
import type { Board, Engine } from '../parts/boards.js';
import { runEmulator } from '../parts/emulator.js';
import { buildFirmware } from '../parts/firmware.js';
import { nativeProgram } from './compiled.js';

/** A number, or a register of the plan: `$3`, `$3+16`. */
export type Value = number | string;
export type Answer<T> = (value: T) => void;

/** This machine in the place of a board. */
export interface Machine {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly interpreter: string;
  runner(options: { native?: boolean }): string;
  execute(executable: string, file: string, folder: string, options: { timeout: number }): Run;
}

/** What runs plans. */
export type Target = Board | Machine;

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const BYTES_A_LINE = 512;

// An address or `$register`, with or without an offset, and so many bytes more.
function offset(address: Value, more: number): Value {
  if (typeof address === 'number') return address + more;
  const [register, first = 0] = address.split('+');
  return `${register}+${Number(first) + more}`;
}

/** The lines of one run. Verbs are those of bench.c; each answer finds its question by order. */
export class Plan {
  #lines: string[] = [];
  #registers = 0;
  #answers: (((text: string, scale: number) => void) | undefined)[] = [];
  #wasm: string | undefined;

  /** Loads a wasm file, before anything else; wasm3's stack has `stackBytes`. */
  program(file: string, stackBytes = 16 * 1024): this {
    this.#wasm = file;
    this.#lines.push(`program ${file} ${stackBytes}`);
    return this;
  }

  /** The file that `program` named. */
  get wasm(): string | undefined {
    return this.#wasm;
  }

  /** Loads what was compiled in from it, by its hash that lies in `file`. */
  programCompiled(file: string): void {
    this.#lines[0] = `program ${file} 0`;
  }

  /** Loads that file from where it lies in the board's own memory, with another stack. */
  programAt(address: number, stackBytes: number): void {
    this.#lines[0] = `image ${address} ${statSync(this.#wasm!).size} ${stackBytes}`;
  }

  /** Calls an export. */
  call(name: string, ...values: Value[]): this {
    this.#answers.push(undefined);
    this.#lines.push(`call ${[name, ...values].join(' ')}`);
    return this;
  }

  /** The register that keeps the result of the last call or count. */
  last(): string {
    this.#lines.push(`keep ${this.#registers}`);
    return `$${this.#registers++}`;
  }

  /** The board stops where the last call or count gave another result. */
  expect(result: number): this {
    this.#lines.push(`expect ${result}`);
    return this;
  }

  /** Calls an export and gives the register that keeps its result, for use as `$n` or `$n+offset`. */
  kept(name: string, ...values: Value[]): string {
    return this.call(name, ...values).last();
  }

  /** Zeroed room in the program's memory, by its own allocator. */
  room(length: number): string {
    return this.kept('allocate', length);
  }

  bytes(address: Value, bytes: Uint8Array | readonly number[]): this {
    for (let start = 0; start < bytes.length; start += BYTES_A_LINE) {
      const hex = Buffer.from(bytes.slice(start, start + BYTES_A_LINE)).toString('hex');
      this.#lines.push(`bytes ${offset(address, start)} ${hex}`);
    }
    return this;
  }

  /** Pseudo-random bytes, the same for the same seed. */
  fill(address: Value, length: number, seed: number): this {
    this.#lines.push(`fill ${address} ${length} ${seed}`);
    return this;
  }

  /** Room with pseudo-random content. */
  filled(length: number, seed: number): string {
    const room = this.room(length);
    this.fill(room, length, seed);
    return room;
  }

  /** Room with these bytes. */
  given(bytes: Uint8Array): string {
    const room = this.room(bytes.length);
    this.bytes(room, bytes);
    return room;
  }

  /** Calls an export that must not give 0. */
  refused(name: string, ...values: Value[]): this {
    return this.result(
      (value) => {
        if (value === 0) throw new Error(`${name} accepted what is not valid`);
      },
      name,
      ...values,
    );
  }

  /**
   * Counts instructions of `times` calls, after one that makes wasm3 compile what they need. `answer` gets the mean.
   */
  count(answer: Answer<number>, times: number, name: string, ...values: Value[]): this {
    this.call(name, ...values);
    this.#answers.push((text, scale) => answer(Math.round(Number(text) / scale) / times));
    this.#lines.push(`count ${times} ${[name, ...values].join(' ')}`);
    return this;
  }

  /** Counts one call that wasm3 has not compiled for yet. */
  countFirst(answer: Answer<number>, name: string, ...values: Value[]): this {
    this.#answers.push((text, scale) => answer(Math.round(Number(text) / scale)));
    this.#lines.push(`count 1 ${[name, ...values].join(' ')}`);
    return this;
  }

  /** `answer` gets the result of a call. */
  result(answer: Answer<number>, name: string, ...values: Value[]): this {
    this.#answers.push((text) => answer(Number(text)));
    this.#lines.push(`call ${[name, ...values].join(' ')}`);
    return this;
  }

  show(answer: Answer<Uint8Array<ArrayBuffer>>, address: Value, length: number): this {
    this.#answers.push((text) => answer(new Uint8Array(Buffer.from(text, 'hex'))));
    this.#lines.push(`show ${address} ${length}`);
    return this;
  }

  /** `answer` gets the bytes of linear memory and of the board's heap, wasm3's structures and linear memory included. */
  memory(answer: (linear: number, heap: number) => void): this {
    this.#answers.push((text) => answer(...(text.split(' ').map(Number) as [number, number])));
    this.#lines.push('memory');
    return this;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  /**
   * Hands the board's output to the questions; an instruction took `scale` nanoseconds. Throws with the board's own words
   * where something went wrong.
   */
  take(output: string, scale = 1): void {
    const lines = output.split('\n').filter((line) => line !== '');
    const error = lines.find((line) => /^(error|the processor)/.test(line));
    if (error) throw new Error(this.#explain(error));
    if (lines.length !== this.#answers.length) {
      throw new Error(`the board gave ${lines.length} answers to ${this.#answers.length} questions`);
    }
    for (const [index, line] of lines.entries())
      this.#answers[index]?.(line.slice(line.indexOf(' ') + 1), scale);
  }

  #explain(error: string): string {
    const line = this.#lines[Number(/^error line (\d+)/.exec(error)?.[1]) - 1];
    return line ? `${error} (${line.slice(0, 100)})` : error;
  }
}

export interface Runner {
  tuned?: boolean;
  native?: boolean;
  engine?: Engine;
}

/**
 * The ELF file that runs plans on the board: on wasm3 (`tuned: false`: as released), with `wasm` compiled in where the engine
 * is `aot`, or `native`, on BearSSL without wasm.
 */
export function planRunner(
  board: Target,
  { tuned = true, native = false, engine = 'wasm3' }: Runner = {},
  wasm?: string,
): string {
  if ('runner' in board) return board.runner({ native });
  if (native) return nativeProgram(board);
  const compiled = engine === 'aot' && wasm !== undefined ? { compiled: compiledIn(wasm) } : {};
  return buildFirmware(board, 'bench', ['bench/bench.c'], { tuned, ...compiled });
}

// With a longer instruction each takes more than a tick of any board's timer: then counts are exact.
const EXACT_SHIFT = 8;

/**
 * Runs a plan on the board's emulator; options as of `planRunner`. `exact` counts to the single instruction, up to some
 * hundred million of them, where the timer's tick is the resolution otherwise.
 */
export function runPlan(
  board: Target,
  plan: Plan,
  { timeout = 600_000, exact = false, ...options }: Runner & { timeout?: number; exact?: boolean } = {},
): void {
  const firmware = planRunner(board, options, plan.wasm);
  const folder = mkdtempSync(join(tmpdir(), 'deputy-bench-'));
  try {
    if (options.engine === 'aot' && plan.wasm !== undefined) {
      writeFileSync(join(folder, 'sha256'), compiledIn(plan.wasm).sha256);
      plan.programCompiled(join(folder, 'sha256'));
    } else if ('programAddress' in board && plan.wasm !== undefined)
      plan.programAt(board.programAddress!, board.stackBytes!);
    const file = join(folder, 'plan');
    writeFileSync(file, plan.text);
    const run =
      'execute' in board
        ? board.execute(firmware, file, folder, { timeout })
        : emulate(board, firmware, file, { wasm: plan.wasm, exact, timeout });
    // A fault is reported on the other output, where the emulator may have warned of something too.
    const fault = /^the processor .*/m.exec(run.stderr)?.[0] ?? '';
    plan.take(`${run.stdout}\n${fault}`, exact ? 2 ** EXACT_SHIFT : 1);
    if (run.status !== 0) throw new Error(`${board.name} ended with status ${run.status}: ${run.stderr}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function emulate(
  board: Board,
  firmware: string,
  file: string,
  { wasm, exact, timeout }: { wasm: string | undefined; exact: boolean; timeout: number },
): Run {
  const semihosting = [
    '-semihosting-config',
    `enable=on,target=native,arg=bench,arg=${file.replaceAll(',', ',,')}`,
  ];
  const machine = board.machine!(firmware).map((argument) =>
    exact && argument === 'shift=0' ? `shift=${EXACT_SHIFT}` : argument,
  );
  const program = wasm === undefined ? [] : (board.flashed?.(wasm) ?? []);
  const options = { timeout, maxBuffer: 2 ** 28 };
  const run = runEmulator(board.emulator!, [...machine, ...program, ...semihosting], options);
  if (run.error) throw run.error;
  return run;
}
