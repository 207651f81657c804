// One face for a running wasm program, whichever interpreter or compiler runs it.

/** Exports take and give 32-bit integers only: numbers, pointers into `memory()`, negative error codes. */
export type Exports = Readonly<Record<string, (...args: number[]) => number>>;

export interface Program {
  readonly engine: 'v8' | 'wasm3';
  readonly exports: Exports;
  /** Exported 32-bit globals that never change: sizes of structures, limits. */
  readonly constants: Readonly<Record<string, number>>;
  /** The linear memory now. A call may grow it: ask again after each call, keep no view across one. */
  memory(): Uint8Array;
  /** Wipes and frees the program where the engine can; nothing of it may be used afterwards. */
  close(): void;
}

/** Loads the bytes of a wasm program that imports nothing. */
export type ProgramLoader = (wasm: Uint8Array) => Promise<Program>;
