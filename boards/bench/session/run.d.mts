import type { Board } from '../../parts/firmware.js';

export function runMeasured(
  board: Board,
  firmware: string,
  args: readonly string[],
): Promise<{
  page: Buffer;
  steps: { step: string; instructions: number }[];
  total: number;
  linear: number;
  heap: number;
}>;

/** What the client said with --steps and --measure: each step, and the heap at its peak, in bytes. */
export function measured(said: string): { steps: { step: string; instructions: number }[]; heap: number };
