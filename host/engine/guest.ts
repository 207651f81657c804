// Calls into the wasm program and bytes in its memory: what every typed face of a program needs.
import { ErrorCode } from '../../assembly/alert.js';
import { copySecret } from '../delegation/secret_bytes.js';
import { TlsError, tlsError } from './error.js';
import type { Exports, Program } from './program.js';

/** What assembly/memory.ts allocates at the most. */
const LONGEST_ROOM = 128 * 1024;

/** A program whose traps become TlsErrors, and which takes no further call after one: its memory is in doubt. */
export class Guest {
  readonly exports: Exports;

  constructor(readonly program: Program) {
    const guarded: Record<string, (...args: number[]) => number> = {};
    for (const [name, run] of Object.entries(program.exports)) {
      if (typeof run === 'function') guarded[name] = this.#guard(run);
    }
    this.exports = guarded;
  }

  /** The memory now; keep it across no call. */
  memory(): Uint8Array {
    return this.program.memory();
  }

  /** A copy of what lies at `pointer`. */
  copy(pointer: number, length: number): Uint8Array {
    return copySecret(this.memory().subarray(pointer, pointer + length));
  }

  /** Lends `bytes` to `use` at an address of the program, and wipes that room afterwards. */
  lend<T>(bytes: Uint8Array, use: (pointer: number, length: number) => T): T {
    return this.room(bytes.length, (pointer) => {
      this.memory().set(bytes, pointer);
      return use(pointer, bytes.length);
    });
  }

  /** Lends zeroed room, wiped afterwards. Length 0 has address 0. Throws TLS_TOO_LONG above 128 KiB. */
  room<T>(length: number, use: (pointer: number) => T): T {
    if (length === 0) return use(0);
    const pointer = this.claim(length);
    try {
      return use(pointer);
    } finally {
      this.giveBack(pointer, length);
    }
  }

  /** Zeroed room until `giveBack`. Throws TLS_TOO_LONG above 128 KiB, TLS_NO_MEMORY where there is none. */
  claim(length: number): number {
    const pointer = this.exports.allocate!(length);
    if (pointer === 0) throw tlsError(length > LONGEST_ROOM ? ErrorCode.TooLong : ErrorCode.NoMemory);
    return pointer;
  }

  /** Wipes and frees. A program that stopped has nothing left to free. */
  giveBack(pointer: number, length: number): void {
    if (!this.#fault) this.exports.release!(pointer, length);
  }

  #fault: TlsError | undefined;

  /** Arguments are passed one by one, to functions of fewer too: an array for them would cost QuickJS more than the call. */
  #guard(run: (...args: number[]) => number): (...args: number[]) => number {
    return (a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0) => {
      if (this.#fault) throw this.#fault;
      try {
        return run(a, b, c, d, e, f, g, h, i, j);
      } catch (cause) {
        throw this.#stop(cause);
      }
    };
  }

  #stop(cause: unknown): TlsError {
    const text = `The wasm program stopped (${(cause as Error).message}); load it anew, its connections are lost.`;
    this.#fault = new TlsError('TLS_ENGINE_STOPPED', text, undefined, { cause });
    return this.#fault;
  }
}

/** Host names, protocol names and labels are ASCII on the wire. Throws TLS_BAD_ARGUMENT naming `what`. */
export function ascii(text: string, what: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit > 127) throw tlsError(ErrorCode.BadArgument, `${what} is not plain ASCII`);
    bytes[i] = unit;
  }
  return bytes;
}

export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Big-endian 16-bit numbers, as TLS lists cipher suites and groups. */
export function uint16List(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(numbers.flatMap((number) => [(number >> 8) & 255, number & 255]));
}
