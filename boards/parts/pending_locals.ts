// A local that is overwritten while an older value of it still waits on the stack costs wasm3 a copy: the waiting operand was only
// the name of the slot. Binaryen merges locals without regard to that. Where the new value is overwritten again before control
// can branch, it gets a local of its own up to there: 3 % of SHA-1, 1 % of SHA-2 and CBC.
import { byteAt, concatenate, instructionEnd, readUnsigned, unsigned } from './wasm_bytes.js';

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;

/** A function's body in the code section, locals and instructions; `parameters` are the types of its parameters. */
export function separatePending(body: Uint8Array, parameters: Iterable<number>): Uint8Array<ArrayBuffer> {
  const types = [...parameters];
  let [groups, at] = readUnsigned(body, 0);
  const declared: [count: number, type: number][] = [];
  for (; groups > 0; groups--) {
    const [count, place] = readUnsigned(body, at);
    const type = byteAt(body, place);
    declared.push([count, type]);
    for (let i = 0; i < count; i++) types.push(type);
    at = place + 1;
  }
  const first = types.length;
  const instructions = decode(body, at);
  for (let start = 0; start < instructions.length; start++) {
    const breaks = instructions.findIndex(({ opcode }, at) => at >= start && operands(opcode) === undefined);
    const end = breaks < 0 ? instructions.length : breaks;
    separateIn(instructions.slice(start, end), types, first);
    start = end;
  }
  for (const type of types.slice(first)) declared.push([1, type]);
  return concatenate([
    Uint8Array.from(unsigned(declared.length)),
    ...declared.map(([count, type]) => Uint8Array.of(...unsigned(count), type)),
    ...instructions.map(({ opcode, local, bytes }) =>
      local === undefined ? bytes : Uint8Array.of(opcode, ...unsigned(local)),
    ),
  ]);
}

interface Instruction {
  opcode: number;
  /** Of those that name one. */
  local: number | undefined;
  bytes: Uint8Array;
}

function decode(body: Uint8Array, at: number): Instruction[] {
  const instructions: Instruction[] = [];
  while (at < body.length) {
    const end = instructionEnd(body, at);
    const opcode = byteAt(body, at);
    const local = opcode >= LOCAL_GET && opcode <= LOCAL_TEE ? readUnsigned(body, at + 1)[0] : undefined;
    instructions.push({ opcode, local, bytes: body.subarray(at, end) });
    at = end;
  }
  return instructions;
}

// `run` has no branch in or out. New locals from `first` on, of `types`, are used again once their value is dead.
function separateIn(run: readonly Instruction[], types: number[], first: number): void {
  const waiting: (number | undefined)[] = [];
  const deadFrom: number[] = [];
  for (const [at, instruction] of run.entries()) {
    const { opcode, local } = instruction;
    const [taken, given] = operands(opcode) ?? [0, 0];
    waiting.length = Math.max(0, waiting.length - taken);
    if (local !== undefined && isWrite(instruction) && waiting.includes(local)) {
      const next = run.findIndex((other, i) => i > at && isWrite(other) && other.local === local);
      if (next >= 0) {
        const type = typeOf(types, local);
        let own = first;
        while (
          own < types.length &&
          (types[own] !== type || (deadFrom[own] ?? 0) > at || waiting.includes(own))
        )
          own++;
        types[own] = type;
        deadFrom[own] = next;
        instruction.local = own;
        for (const other of run.slice(at + 1, next)) if (other.local === local) other.local = own;
      }
    }
    // Only the value of a `get` is the name of a slot.
    if (given) waiting.push(opcode === LOCAL_GET ? local : undefined);
  }
}

function typeOf(types: readonly number[], local: number): number {
  const type = types[local];
  if (type === undefined) throw new RangeError(`the function has no local ${local}`);
  return type;
}

const isWrite = ({ opcode }: Instruction) => opcode === LOCAL_SET || opcode === LOCAL_TEE;

// How many operands an instruction takes and gives; undefined for those that end a run: control, calls, and what is rare.
function operands(opcode: number): [taken: number, given: number] | undefined {
  if (opcode === LOCAL_GET || opcode === 0x23 || (opcode >= 0x41 && opcode <= 0x44)) return [0, 1];
  if (opcode === LOCAL_SET || opcode === 0x24) return [1, 0];
  if (opcode >= 0x36 && opcode <= 0x3e) return [2, 0]; // stores
  if (
    opcode === LOCAL_TEE ||
    (opcode >= 0x28 && opcode <= 0x35) || // loads
    opcode === 0x45 || // eqz
    opcode === 0x50 ||
    (opcode >= 0x67 && opcode <= 0x69) || // bit counts
    (opcode >= 0x79 && opcode <= 0x7b) ||
    (opcode >= 0xa7 && opcode <= 0xc4) // conversions
  ) {
    return [1, 1];
  }
  // Comparisons and arithmetic of integers.
  if (
    (opcode >= 0x46 && opcode <= 0x5a) ||
    (opcode >= 0x6a && opcode <= 0x78) ||
    (opcode >= 0x7c && opcode <= 0x8a)
  )
    return [2, 1];
  return undefined;
}
