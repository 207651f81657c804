// Runs the wasm program under wasm3, through the native addon that boards/node builds. The addon is handed in: this
// folder is also bundled for boards, which have no `require`.
import type { Exports, Program } from './program.js';

/** What build/wasm3.node exports. Errors carry a code: WASM3_MODULE, WASM3_TRAP, WASM3_CLOSED, WASM3_ARGUMENT. */
export interface Wasm3Addon {
  load(wasm: Uint8Array, stackBytes: number, maxPages: number): Wasm3Instance;
}

export interface Wasm3Instance {
  readonly exports: Exports;
  readonly constants: Readonly<Record<string, number>>;
  /** Lies on wasm3's own memory; detached when the memory grows and when the program is closed. */
  memory(): ArrayBuffer;
  close(): void;
}

export interface Wasm3Limits {
  /** wasm3's operand stack. A board gives the same, so that a program which fits here fits there. */
  stackBytes?: number;
  /** Pages of 64 KiB that the program may grow to. */
  maxPages?: number;
}

/** Loads `wasm`, which may import nothing. Throws on bad bytes and on a trap in its start function. */
export function loadWasm3(addon: Wasm3Addon, wasm: Uint8Array, limits: Wasm3Limits = {}): Program {
  const instance = addon.load(wasm, limits.stackBytes ?? 64 * 1024, limits.maxPages ?? 64);
  let view = new Uint8Array(instance.memory());
  return {
    engine: 'wasm3',
    exports: instance.exports,
    constants: instance.constants,
    memory() {
      // A detached buffer has length 0: the memory moved, or there was none yet.
      if (view.length === 0) view = new Uint8Array(instance.memory());
      return view;
    },
    close: () => instance.close(),
  };
}
