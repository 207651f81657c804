// Greys of a few bits: each pixel becomes one of 2^bits levels, and its error goes to its neighbours (Floyd and
// Steinberg, 1976), so that areas keep their brightness.

/** Level of each pixel, 0 black to 2^bits − 1 white. `grey` holds one byte a pixel, rows from the top. */
export function ditherGrey(grey: Uint8Array, width: number, height: number, bits: 1 | 2 | 4): Uint8Array {
  const steps = (1 << bits) - 1;
  const levels = new Uint8Array(width * height);
  // Errors of this row and the next, in sixteenths of a grey value; one pixel more at each side.
  let here = new Int32Array(width + 2);
  let below = new Int32Array(width + 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wanted = grey[y * width + x]! + here[x + 1]! / 16;
      const level = Math.max(0, Math.min(steps, Math.round((wanted * steps) / 255)));
      levels[y * width + x] = level;
      const error = wanted - (level * 255) / steps;
      here[x + 2]! += error * 7;
      below[x]! += error * 3;
      below[x + 1]! += error * 5;
      below[x + 2]! += error;
    }
    [here, below] = [below, here];
    below.fill(0);
  }
  return levels;
}

/** Rows of `bits`-wide levels, most significant first, each row filled up to a whole byte. */
export function packRows(levels: Uint8Array, width: number, height: number, bits: 1 | 2 | 4): Uint8Array {
  const rowBytes = Math.ceil((width * bits) / 8);
  const packed = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = x * bits;
      packed[y * rowBytes + (at >> 3)]! |= levels[y * width + x]! << (8 - bits - (at & 7));
    }
  }
  return packed;
}
