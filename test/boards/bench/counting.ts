// Counts, to the single instruction, what calls on an emulated board take, for secrets that are fresh each time.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect } from 'vitest';
import { missingTranslator } from '../../../boards/aot/translate.js';
import { Plan, runPlan, type Value } from '../../../boards/bench/plan.js';
import { ENGINES, type Engine, findBoard, missingTools } from '../../../boards/parts/boards.js';

export const board = await findBoard('mps2-an500');

/** The built program, or what DEPUTY_PRIMITIVES or DEPUTY_RECORD names. */
export const built = (target: 'primitives' | 'record') =>
  process.env[`DEPUTY_${target.toUpperCase()}`] ??
  fileURLToPath(new URL(`../../../build/${target}.wasm`, import.meta.url));
const unbuilt = (['primitives', 'record'] as const).find((target) => !existsSync(built(target)));

/** Why nothing can be counted here; undefined where it can. */
export const absent =
  missingTools(board) ?? (unbuilt ? `no build/${unbuilt}.wasm: npm run build:wasm` : undefined);
export const skipped = absent ? ` (skipped: ${absent})` : '';

/** More than any context needs. */
export const CONTEXT = 4096;
/** How many secrets, and how many of what is slow. */
export const TIMES = 32;
export const FEW = 10;

let engine: Engine = 'wasm3';

/** Declares the tests for each engine: what wasm3 does in equal steps, a compiler may have made branches of. */
export function onEachEngine(declare: () => void): void {
  for (const each of ENGINES) {
    const without = each === 'aot' ? missingTranslator() : undefined;
    describe.skipIf(without)(`engine ${each}${without ? ` (skipped: ${without})` : ''}`, () => {
      beforeAll(() => {
        engine = each;
      });
      declare();
    });
  }
}

/** Runs a plan on the engine whose turn it is, and counts to the single instruction. */
export const runExactly = (plan: Plan) => runPlan(board, plan, { exact: true, engine });

/** Runs a plan that counts some calls and gives what each took. */
export function counted(
  add: (plan: Plan, answer: (instructions: number) => void) => void,
  program = built('primitives'),
): number[] {
  const plan = new Plan().program(program);
  const counts: number[] = [];
  add(plan, (instructions) => counts.push(instructions));
  runExactly(plan);
  return counts;
}

/** Each call with fresh secrets in the rooms that `secrets` names by length; the first one makes wasm3 compile. */
export function withSecrets(
  times: number,
  secrets: readonly number[],
  call: (plan: Plan, rooms: string[]) => [string, ...Value[]],
  before?: (plan: Plan, rooms: string[]) => void,
  program?: string,
): number[] {
  return counted((plan, answer) => {
    const rooms = secrets.map((length) => plan.room(length));
    const refill = () => {
      for (const [i, length] of secrets.entries()) plan.bytes(rooms[i]!, randomBytes(length));
      before?.(plan, rooms);
    };
    refill();
    const [name, ...values] = call(plan, rooms);
    plan.call(name, ...values);
    for (let i = 0; i < times; i++) {
      refill();
      plan.countFirst(answer, name, ...values);
    }
  }, program);
}

export function expectEqual(counts: number[], times: number) {
  expect(counts).toHaveLength(times);
  expect(counts[0]).toBeGreaterThan(1000);
  expect(new Set(counts).size, `counts: ${[...new Set(counts)]}`).toBe(1);
}
