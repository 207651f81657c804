import type { Board } from './firmware.mjs';

export function boardImages(board: Board): Promise<{ elf: string; bin: string; hex: string }>;
