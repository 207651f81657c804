// Rewrites a compiled wasm program for wasm3, in two ways. The forms mean the same by definition, so nothing else of the program
// changes, and Binaryen has no way to be told.
//
// `local.tee` becomes `local.set` and `local.get` where that saves work. A tee leaves its value in the interpreter's one register. If the very next operation consumes it, that is free; if
// something else is computed first, the register must be spilled to a slot, although the local that was just set holds
// the same value. `set` and `get` name the local instead: one operation less each time, 1 to 12 % of a hash or cipher.
//
// An i32 turned left by a constant is turned right by the rest of 32. The RFCs turn left; ARM has only rotations to the right.

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_ROTL = 0x77;
const I32_ROTR = 0x78;
const CODE_SECTION = 10;

/** The program in the forms that cost least. Throws on an instruction that asc does not emit for this project. */
export function tune(wasm) {
  const out = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const [length, start] = readUnsigned(wasm, at + 1);
    const end = start + length;
    if (wasm[at] === CODE_SECTION) {
      const code = splitCode(wasm, start);
      out.push(Uint8Array.of(CODE_SECTION, ...unsigned(code.length)), code);
    } else {
      out.push(wasm.subarray(at, end));
    }
    at = end;
  }
  return concatenate(out);
}

function splitCode(wasm, start) {
  let [count, at] = readUnsigned(wasm, start);
  const out = [Uint8Array.from(unsigned(count))];
  for (; count > 0; count--) {
    const [length, body] = readUnsigned(wasm, at);
    at = body + length;
    const split = splitBody(wasm, body, at);
    out.push(Uint8Array.from(unsigned(split.length)), split);
  }
  return concatenate(out);
}

function splitBody(wasm, start, end) {
  let [groups, at] = readUnsigned(wasm, start);
  for (; groups > 0; groups--) at = readUnsigned(wasm, at)[1] + 1;
  const out = [];
  let copied = start;
  while (at < end) {
    const next = instructionEnd(wasm, at);
    if (wasm[at] === LOCAL_TEE && !consumedAtOnce(wasm, next)) {
      const local = wasm.subarray(at + 1, next);
      out.push(wasm.subarray(copied, at), Uint8Array.of(LOCAL_SET, ...local, LOCAL_GET, ...local));
      copied = next;
    } else if (wasm[at] === I32_CONST && wasm[next] === I32_ROTL && next === at + 2) {
      // The count in one byte, as every count below 64 is.
      out.push(wasm.subarray(copied, at), Uint8Array.of(I32_CONST, -wasm[at + 1] & 31, I32_ROTR));
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
function consumedAtOnce(wasm, at) {
  if (!isSlot(wasm[at])) return true;
  return hasTwoOperands(wasm[instructionEnd(wasm, at)]);
}

const isSlot = (opcode) => opcode === LOCAL_GET || (opcode >= 0x41 && opcode <= 0x44);

const hasTwoOperands = (opcode) =>
  (opcode >= 0x36 && opcode <= 0x3e) || // stores
  (opcode >= 0x46 && opcode <= 0x4f) || // i32 comparisons, without eqz
  (opcode >= 0x51 && opcode <= 0x66) || // i64 and float comparisons
  (opcode >= 0x6a && opcode <= 0x78) || // i32 arithmetic
  (opcode >= 0x7c && opcode <= 0x8a); // i64 arithmetic

// The address after the instruction at `at` (WebAssembly 1.0 §5.4, with sign extension, saturation and bulk memory).
function instructionEnd(wasm, at) {
  const opcode = wasm[at++];
  const skip = (count) => {
    for (; count > 0; count--) at = readUnsigned(wasm, at)[1];
    return at;
  };
  if (opcode >= 0x02 && opcode <= 0x04) return skip(1); // block type
  if (opcode === 0x0e) {
    const [labels, first] = readUnsigned(wasm, at);
    at = first;
    return skip(labels + 1);
  }
  if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) return skip(2); // call_indirect, loads and stores
  if (opcode === 0x43) return at + 4;
  if (opcode === 0x44) return at + 8;
  if (opcode === 0xfc) {
    const [operation, first] = readUnsigned(wasm, at);
    at = first;
    if (operation <= 7) return at;
    if (operation === 8 || operation === 10) return skip(2);
    if (operation === 11) return skip(1);
  } else if (
    opcode === 0x0c || // br
    opcode === 0x0d || // br_if
    opcode === 0x10 || // call
    (opcode >= 0x20 && opcode <= 0x24) || // locals and globals
    (opcode >= 0x3f && opcode <= 0x42) // memory size and grow, integer constants
  ) {
    return skip(1);
  } else if (
    opcode <= 0x01 ||
    opcode === 0x05 ||
    opcode === 0x0b ||
    opcode === 0x0f ||
    opcode === 0x1a ||
    opcode === 0x1b ||
    (opcode >= 0x45 && opcode <= 0xc4)
  ) {
    return at;
  }
  throw new Error(`wasm opcode 0x${opcode.toString(16)} at ${at - 1} is not one that this pass knows`);
}

function readUnsigned(wasm, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

function unsigned(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return bytes;
}

function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
