import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Board } from './firmware.mjs';

/** A worse network between the board and the machine that emulates it (gateway/impairment.h). */
export interface Impairment {
  /** Of a hundred packets. */
  loss?: number;
  /** Milliseconds at most. */
  delay?: number;
  /** Packets after which none passes. */
  cut?: number;
  seed?: number;
}

export interface StartOptions {
  seed?: Buffer | null;
  time?: number | null;
  stdio?: StdioOptions;
  env?: Readonly<Record<string, string>>;
  /** Further arguments of the emulator. */
  emulator?: readonly string[];
  impairment?: Impairment;
  /** Instead of asking by DHCP: `ADDRESS/BITS,GATEWAY,NAMESERVER`. */
  address?: string;
}

export function startClient(
  board: Board,
  firmware: string,
  args: readonly string[],
  options?: StartOptions,
): ChildProcess;
export function ended(child: ChildProcess): Promise<number>;
