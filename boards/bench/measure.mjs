// Measures candidates: Deputy's own program, its peers on the same interpreter, and native code.
import { readFileSync } from 'node:fs';
import { Plan, planRunner, runPlan } from './plan.mjs';

/** Deputy's own program as a candidate for a row: `{ wasm, measure }`, or the reason why it has none. */
export function ownCandidate(wasm, row) {
  const { exports } = describeProgram(wasm);
  const absent = row.exports.filter((name) => !exports.has(name));
  if (absent.length > 0) return { reason: `the program has no ${absent.join(', ')}` };
  return { wasm, measure: row.measure };
}

/**
 * Counts each row's instructions, at each of its sizes. Gives `{ primitive, size, instructions, instructionsPerByte,
 * constantTime }` for what ran and `{ primitive, reason }` for what did not. `step` is told the row that runs now.
 */
export function measureRows(board, wasm, rows, { tuned = true, step } = {}) {
  planRunner(board, { tuned });
  const measured = [];
  const skipped = [];
  for (const row of rows) {
    const own = ownCandidate(wasm, row);
    if (own.reason) {
      skipped.push({ primitive: row.primitive, reason: own.reason });
      continue;
    }
    step?.(row.primitive);
    try {
      for (const size of row.sizes ?? [undefined])
        measured.push(measureRow(board, row, own, size, { tuned }));
    } catch (error) {
      skipped.push({ primitive: row.primitive, reason: error.message, failed: true });
    }
  }
  return { measured, skipped };
}

/** The exports of a wasm file. Throws where it is no module. */
export function describeProgram(wasm) {
  const module = new WebAssembly.Module(readFileSync(wasm));
  return { exports: new Set(WebAssembly.Module.exports(module).map(({ name }) => name)) };
}

/**
 * One run of the board for one candidate and size, so that nothing meets a heap or code pages that another one left.
 * Throws where the candidate's result is wrong.
 */
export function measureRow(board, row, { wasm, measure }, size, { tuned = true } = {}) {
  const result = { primitive: row.primitive, size: size ?? null, instructions: 0, instructionsPerByte: null };
  const plan = new Plan();
  if (wasm) plan.program(wasm);
  measure(plan, size, (instructions) => {
    result.instructions = Math.round(instructions);
  });
  if (wasm) plan.memory((linear, heap) => Object.assign(result, { linearBytes: linear, heapBytes: heap }));
  runPlan(board, plan, { tuned, native: !wasm });
  if (size) result.instructionsPerByte = Math.round((10 * result.instructions) / size) / 10;
  return { ...result, constantTime: row.constantTime === true };
}
