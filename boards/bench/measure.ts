// Measures candidates: Deputy's own program, its peers on the same interpreter, and native code.
import { readFileSync } from 'node:fs';
import { Plan, planRunner, type Runner, runPlan, type Target } from './plan.js';
import type { Row } from './row.js';

export interface Measured {
  primitive: string;
  size: number | null;
  instructions: number;
  instructionsPerByte: number | null;
  constantTime: boolean;
  /** Absent where native code is measured. */
  linearBytes?: number;
  heapBytes?: number;
  /** On wasm3 as released, where that was asked for. */
  instructionsReleased?: number;
  /** Of the other program of --against; null where it has no such export. */
  instructionsAgainst?: number | null;
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

/** Deputy's own program as a candidate for a row: `{ wasm, measure }`, or the reason why it has none. */
export function ownCandidate(wasm: string, row: Row): Candidate | { reason: string } {
  const { exports } = describeProgram(wasm);
  const absent = row.exports.filter((name) => !exports.has(name));
  if (absent.length > 0) return { reason: `the program has no ${absent.join(', ')}` };
  return { wasm, measure: row.measure };
}

/**
 * Counts each row's instructions, at each of its sizes. Gives `{ primitive, size, instructions, instructionsPerByte,
 * constantTime }` for what ran and `{ primitive, reason }` for what did not. `step` gets the row that runs now.
 */
export function measureRows(
  board: Target,
  wasm: string,
  rows: readonly Row[],
  { step, ...runner }: Runner & { step?: ((primitive: string) => void) | undefined } = {},
): { measured: Measured[]; skipped: Skipped[] } {
  planRunner(board, runner, wasm);
  const measured: Measured[] = [];
  const skipped: Skipped[] = [];
  for (const row of rows) {
    const own = ownCandidate(wasm, row);
    if ('reason' in own) {
      skipped.push({ primitive: row.primitive, reason: own.reason });
      continue;
    }
    step?.(row.primitive);
    try {
      for (const size of row.sizes ?? [undefined]) measured.push(measureRow(board, row, own, size, runner));
    } catch (error) {
      skipped.push({ primitive: row.primitive, reason: (error as Error).message, failed: true });
    }
  }
  return { measured, skipped };
}

/** The exports of a wasm file. Throws where it is no module. */
export function describeProgram(wasm: string): { exports: Set<string> } {
  const module = new WebAssembly.Module(readFileSync(wasm));
  return { exports: new Set(WebAssembly.Module.exports(module).map(({ name }) => name)) };
}

/**
 * One run of the board for one candidate and size, so that nothing meets a heap or code pages that another one left.
 * Throws where the candidate's result is wrong.
 */
export function measureRow(
  board: Target,
  row: Row,
  { wasm, measure }: Candidate,
  size: number | undefined,
  runner: Runner = {},
): Measured {
  const result: Omit<Measured, 'constantTime'> = {
    primitive: row.primitive,
    size: size ?? null,
    instructions: 0,
    instructionsPerByte: null,
  };
  const plan = new Plan();
  if (wasm) plan.program(wasm);
  measure(plan, size ?? 0, (instructions) => {
    result.instructions = Math.round(instructions);
  });
  if (wasm) plan.memory((linear, heap) => Object.assign(result, { linearBytes: linear, heapBytes: heap }));
  runPlan(board, plan, { ...runner, native: !wasm });
  if (size) result.instructionsPerByte = Math.round((10 * result.instructions) / size) / 10;
  return { ...result, constantTime: row.constantTime === true };
}
