import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Board } from './firmware.mjs';

export interface StartOptions {
  seed?: Buffer | null;
  time?: number | null;
  stdio?: StdioOptions;
  env?: Readonly<Record<string, string>>;
  /** Further arguments of the emulator. */
  emulator?: readonly string[];
}

export function startClient(
  board: Board,
  firmware: string,
  args: readonly string[],
  options?: StartOptions,
): ChildProcess;
export function ended(child: ChildProcess): Promise<number>;
