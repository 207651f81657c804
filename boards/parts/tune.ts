// Rewrites a compiled wasm program for wasm3, in three ways. The forms mean the same by definition, so nothing else of the
// program changes, and Binaryen has no way to be told.
//
// `local.tee` becomes `local.set` and `local.get` where that saves work. A tee leaves its value in the interpreter's one
// register. If the very next operation consumes it, that is free; if something else is computed first, the register must be
// spilled to a slot, although the local that was just set holds the same value. `set` and `get` name the local instead: one
// operation less each time, 1 to 12 % of a hash or cipher.
//
// An i32 turned left by a constant is turned right by the rest of 32. The RFCs turn left; ARM has only rotations to the
// right.
//
// Locals that would be overwritten too soon are separated (pending_locals.ts).

import { separatePending } from './pending_locals.js';
import { byteAt, concatenate, instructionEnd, readUnsigned, unsigned } from './wasm_bytes.js';

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_ROTL = 0x77;
const I32_ROTR = 0x78;
const TYPE_SECTION = 1;
const FUNCTION_SECTION = 3;
const CODE_SECTION = 10;

/** The program in the forms that cost least. Throws on an instruction that asc does not emit for this project. */
export function tune(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const out: Uint8Array[] = [wasm.subarray(0, 8)];
  let types: Uint8Array[] = [];
  let parameters: Uint8Array[] = [];
  for (let at = 8; at < wasm.length; ) {
    const [length, start] = readUnsigned(wasm, at + 1);
    const end = start + length;
    if (wasm[at] === TYPE_SECTION) types = parameterTypes(wasm, start);
    if (wasm[at] === FUNCTION_SECTION)
      parameters = readEach(wasm, start, readUnsigned).map((type) => types[type] ?? new Uint8Array(0));
    if (wasm[at] === CODE_SECTION) {
      const code = splitCode(wasm, start, parameters);
      out.push(Uint8Array.of(CODE_SECTION, ...unsigned(code.length)), code);
    } else {
      out.push(wasm.subarray(at, end));
    }
    at = end;
  }
  return concatenate(out);
}

function readEach<T>(
  wasm: Uint8Array,
  start: number,
  read: (wasm: Uint8Array, at: number) => [value: T, end: number],
): T[] {
  const [count, first] = readUnsigned(wasm, start);
  let at = first;
  return Array.from({ length: count }, () => {
    const [value, next] = read(wasm, at);
    at = next;
    return value;
  });
}

// Of each function type, the types of its parameters (WebAssembly 1.0 §5.3.3).
function parameterTypes(wasm: Uint8Array, start: number): Uint8Array[] {
  return readEach(wasm, start, (_, at) => {
    const [count, first] = readUnsigned(wasm, at + 1);
    const [results, after] = readUnsigned(wasm, first + count);
    return [wasm.subarray(first, first + count), after + results];
  });
}

function splitCode(
  wasm: Uint8Array,
  start: number,
  parameters: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const [count, first] = readUnsigned(wasm, start);
  let at = first;
  const out = [Uint8Array.from(unsigned(count))];
  for (let i = 0; i < count; i++) {
    const [length, body] = readUnsigned(wasm, at);
    at = body + length;
    const split = separatePending(splitBody(wasm, body, at), parameters[i] ?? []);
    out.push(Uint8Array.from(unsigned(split.length)), split);
  }
  return concatenate(out);
}

function splitBody(wasm: Uint8Array, start: number, end: number): Uint8Array {
  let [groups, at] = readUnsigned(wasm, start);
  for (; groups > 0; groups--) at = readUnsigned(wasm, at)[1] + 1;
  const out: Uint8Array[] = [];
  let copied = start;
  while (at < end) {
    const next = instructionEnd(wasm, at);
    if (wasm[at] === LOCAL_TEE && !consumedAtOnce(wasm, next)) {
      const local = wasm.subarray(at + 1, next);
      out.push(wasm.subarray(copied, at), Uint8Array.of(LOCAL_SET, ...local, LOCAL_GET, ...local));
      copied = next;
    } else if (wasm[at] === I32_CONST && wasm[next] === I32_ROTL && next === at + 2) {
      // The count in one byte, as every count below 64 is.
      out.push(wasm.subarray(copied, at), Uint8Array.of(I32_CONST, -byteAt(wasm, at + 1) & 31, I32_ROTR));
      copied = at = next + 1;
      continue;
    }
    at = next;
  }
  out.push(wasm.subarray(copied, end));
  return concatenate(out);
}

// Whether the value on top of the stack goes straight into an operation: as its last operand, or as its first where
// the second is a local or a constant, which both lie in slots.
function consumedAtOnce(wasm: Uint8Array, at: number): boolean {
  if (!isSlot(byteAt(wasm, at))) return true;
  return hasTwoOperands(byteAt(wasm, instructionEnd(wasm, at)));
}

const isSlot = (opcode: number) => opcode === LOCAL_GET || (opcode >= 0x41 && opcode <= 0x44);

const hasTwoOperands = (opcode: number) =>
  (opcode >= 0x36 && opcode <= 0x3e) || // stores
  (opcode >= 0x46 && opcode <= 0x4f) || // i32 comparisons, without eqz
  (opcode >= 0x51 && opcode <= 0x66) || // i64 and float comparisons
  (opcode >= 0x6a && opcode <= 0x78) || // i32 arithmetic
  (opcode >= 0x7c && opcode <= 0x8a); // i64 arithmetic
