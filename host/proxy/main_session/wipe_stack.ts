// Node reads what OpenSSL has decrypted into an array on the stack (TLSWrap::ClearOut, 16 KiB), and leaves it there: the
// delivery that came last would stand in a core file until a longer record comes.

/** Calls deep enough to cover that array, wherever in the event loop it lay: some 200 KiB of Node's megabyte. */
const DEPTH = 1600;

/** Overwrites the stack below the event loop, once it is back there. */
export function wipeStackSoon(): void {
  if (isDue) return;
  isDue = true;
  setImmediate(() => {
    isDue = false;
    descend(DEPTH, 0, 0, 0, 0, 0, 0);
  });
}

let isDue = false;

/** Every slot of its frame is written: arguments, and locals that are in use across the call. */
function descend(depth: number, a: number, b: number, c: number, d: number, e: number, f: number): number {
  if (depth === 0) return a;
  const [g, h, i, j] = [a ^ depth, b ^ depth, c ^ depth, d ^ depth];
  const below = descend(depth - 1, f, e, d, c, b, a);
  return below ^ g ^ h ^ i ^ j ^ e ^ f;
}
