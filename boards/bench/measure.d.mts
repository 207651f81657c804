import type { Board } from '../parts/firmware.js';
import type { Row } from './rows.mjs';

export interface Measured {
  primitive: string;
  size: number | null;
  instructions: number;
  instructionsPerByte: number | null;
  constantTime: boolean;
  linearBytes: number;
  heapBytes: number;
}

export interface Skipped {
  primitive: string;
  reason: string;
  failed?: boolean;
}

export interface Candidate {
  /** None where native code is measured. */
  readonly wasm?: string;
  measure: Row['measure'];
}

export function ownCandidate(wasm: string, row: Row): Candidate | { reason: string };
export function measureRow(
  board: Board,
  row: Row,
  candidate: Candidate,
  size: number | undefined,
  options?: { tuned?: boolean },
): Measured;
export function measureRows(
  board: Board,
  wasm: string,
  rows: readonly Row[],
  options?: { tuned?: boolean; step?: (primitive: string) => void },
): { measured: Measured[]; skipped: Skipped[] };
export function describeProgram(wasm: string): { exports: Set<string> };
