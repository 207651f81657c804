import type { Board } from './firmware.mjs';

export function programPeak(board: Board, suite?: { suite: number; version: number }): number;
