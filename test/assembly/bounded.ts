// A program whose linear memory can't grow past a bound, as on a board.

/** The module with `pages` (of 64 KiB) as the most that its memory may have. */
export function boundMemory(wasm: Uint8Array, pages: number): Uint8Array<ArrayBuffer> {
  const out: number[] = [...wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at]!;
    const [size, start] = leb(wasm, at + 1);
    if (id === 5) {
      const [least] = leb(wasm, start + 2);
      const limits = [1, 1, ...unsigned(least), ...unsigned(pages)];
      out.push(5, limits.length, ...limits);
    } else {
      for (const byte of wasm.subarray(at, start + size)) out.push(byte);
    }
    at = start + size;
  }
  return new Uint8Array(out);
}

/** A LEB128 number and where it ends. */
function leb(bytes: Uint8Array, at: number): [number, number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

const unsigned = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...unsigned(n >> 7)]);
