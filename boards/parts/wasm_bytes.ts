// Reading and writing the binary form of wasm, for the passes over it.

/** The address after the instruction at `at` (WebAssembly 1.0 §5.4, with sign extension, saturation and bulk memory). */
export function instructionEnd(wasm: Uint8Array, at: number): number {
  const opcode = byteAt(wasm, at++);
  const skip = (count: number) => {
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

/** Throws RangeError beyond the end. */
export function byteAt(wasm: Uint8Array, at: number): number {
  const byte = wasm[at];
  if (byte === undefined) throw new RangeError(`the wasm program ends before byte ${at}`);
  return byte;
}

/** A LEB128 number and the address after it. */
export function readUnsigned(wasm: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = byteAt(wasm, at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return bytes;
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
