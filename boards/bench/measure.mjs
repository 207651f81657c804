// Measures rows on an emulated board.
import { readFileSync } from 'node:fs';
import { Plan, runPlan } from './plan.mjs';

/**
 * Counts each row's instructions, at each of its sizes. Gives `{ primitive, size, instructions, instructionsPerByte,
 * constantTime }` for what ran and `{ primitive, reason }` for what did not. `step` is told the row that runs now.
 */
export function measureRows(board, wasm, rows, { tuned = true, step } = {}) {
  const { exports } = describeProgram(wasm);
  const measured = [];
  const skipped = [];
  for (const row of rows) {
    const absent = row.exports.filter((name) => !exports.has(name));
    if (absent.length > 0) {
      skipped.push({ primitive: row.primitive, reason: `the program has no ${absent.join(', ')}` });
      continue;
    }
    step?.(row.primitive);
    try {
      measured.push(...measureRow(board, wasm, row, tuned));
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

// One run of the board for each size, so that no size meets a heap or code pages that another one left.
function measureRow(board, wasm, row, tuned) {
  return (row.sizes ?? [undefined]).map((size) => {
    const result = {
      primitive: row.primitive,
      size: size ?? null,
      instructions: 0,
      instructionsPerByte: null,
    };
    const plan = new Plan().program(wasm);
    row.measure(plan, size, (instructions) => {
      result.instructions = Math.round(instructions);
    });
    plan.memory((linear, heap) => Object.assign(result, { linearBytes: linear, heapBytes: heap }));
    runPlan(board, plan, { tuned });
    if (size) result.instructionsPerByte = Math.round((10 * result.instructions) / size) / 10;
    return { ...result, constantTime: row.constantTime === true };
  });
}
