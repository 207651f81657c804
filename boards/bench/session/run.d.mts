import type { Board } from '../../parts/firmware.mjs';

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
