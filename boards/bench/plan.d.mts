import type { Board } from '../parts/firmware.js';

/** A number, or a register of the plan: `$3`, `$3+16`. */
export type Value = number | string;
export type Answer<T> = (value: T) => void;

export class Plan {
  program(file: string, stackBytes?: number): this;
  readonly wasm: string | undefined;
  programAt(address: number, stackBytes: number): void;
  call(name: string, ...values: Value[]): this;
  kept(name: string, ...values: Value[]): string;
  last(): string;
  expect(result: number): this;
  room(length: number): string;
  filled(length: number, seed: number): string;
  given(bytes: Uint8Array): string;
  refused(name: string, ...values: Value[]): this;
  bytes(address: Value, bytes: ArrayLike<number>): this;
  fill(address: Value, length: number, seed: number): this;
  count(answer: Answer<number>, times: number, name: string, ...values: Value[]): this;
  countFirst(answer: Answer<number>, name: string, ...values: Value[]): this;
  result(answer: Answer<number>, name: string, ...values: Value[]): this;
  show(answer: Answer<Uint8Array<ArrayBuffer>>, address: Value, length: number): this;
  memory(answer: (linear: number, heap: number) => void): this;
  readonly text: string;
  take(output: string, scale?: number): void;
}

export interface Runner {
  tuned?: boolean;
  native?: boolean;
}

export function planRunner(board: Board, options?: Runner): string;
export function runPlan(
  board: Board,
  plan: Plan,
  options?: Runner & { timeout?: number; exact?: boolean },
): void;
