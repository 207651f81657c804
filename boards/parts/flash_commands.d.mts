import type { Board } from './firmware.mjs';

export function flashCommands(
  board: Board,
  probe: string | undefined,
  files: { bin: string; hex: string },
): string[][];
