// Moves bytes in and out of a wasm program, for tests.
import type { Program } from '../../host/engine/program.js';

/** A program with a bump of borrowed memory, so that a test reads like a call with byte strings. */
export class Bench {
  constructor(readonly program: Program) {}

  get exports() {
    return this.program.exports;
  }

  /** Copies `bytes` into the program; `free` gives it back. Empty input still has a valid address. */
  put(bytes: Uint8Array): number {
    const pointer = this.room(bytes.length);
    this.program.memory().set(bytes, pointer);
    return pointer;
  }

  room(length: number): number {
    const pointer = this.exports.allocate!(length + 16);
    if (pointer === 0) throw new Error(`the program has no room for ${length} bytes`);
    this.#borrowed.push([pointer, length + 16]);
    return pointer;
  }

  get(pointer: number, length: number): Uint8Array {
    return this.program.memory().slice(pointer, pointer + length);
  }

  /** Gives back all that `put` and `room` borrowed. */
  free(): void {
    for (const [pointer, length] of this.#borrowed.splice(0)) this.exports.release!(pointer, length);
  }

  #borrowed: [number, number][] = [];
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
export const unhex = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
