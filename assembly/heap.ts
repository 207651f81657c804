// The program's dynamic memory: one list of blocks from the end of the static data to the end of linear memory. Where it
// is full, `take` says so instead of trapping, and it grows by what is needed, not by doubling: a device has little.
//
// A block is four bytes of size (a multiple of 8; the lowest bit says that it is taken) and its bytes. The next block
// follows, so neighbours that are free are joined on the way of the search. Blocks are few: a search is short.

// @ts-ignore: decorator
@inline
const HEAD = 4;
// @ts-ignore: decorator
@inline
const TAKEN = 1;
const PAGE: usize = 0x10000;

/** Address of the first block's head; payloads lie on multiples of 8. */
const first: usize = ((__heap_base + HEAD + 7) & ~7) - HEAD;
/** Where the last block ends; 0 before the first call. */
let end: usize = 0;

/** Address of `length` bytes on a multiple of 8, as the last owner left them; 0 where memory can't grow that far. */
export function take(length: i32): usize {
  if (length < 0 || length > 0x7fffffe0) return 0;
  const size = ((length as usize) + HEAD + 7) & ~7;
  if (end == 0) end = first;
  let last: usize = 0;
  for (let at = first; at < end; at += load<usize>(at) & ~TAKEN) {
    last = at;
    if (load<usize>(at) & TAKEN) continue;
    if (joinFree(at) >= size) return split(at, size);
  }
  // A free block at the end needs only the rest.
  let at = end;
  if (last != 0 && !(load<usize>(last) & TAKEN)) at = last;
  const wanted = at + size;
  const have = (memory.size() as usize) << 16;
  if (wanted > have && memory.grow(((wanted - have + PAGE - 1) >> 16) as i32) < 0) return 0;
  store<usize>(at, size | TAKEN);
  end = wanted;
  return at + HEAD;
}

/** Gives back what `take` gave. The bytes stay: their owner wipes them before. */
export function give(pointer: usize): void {
  if (pointer == 0) return;
  const at = pointer - HEAD;
  store<usize>(at, load<usize>(at) & ~TAKEN);
}

/** Joins the free block at `at` with the free ones behind it; returns its size. */
function joinFree(at: usize): usize {
  let size = load<usize>(at);
  while (at + size < end && !(load<usize>(at + size) & TAKEN)) size += load<usize>(at + size);
  store<usize>(at, size);
  return size;
}

/** Takes the front of a free block; what is left stays free. */
function split(at: usize, size: usize): usize {
  const whole = load<usize>(at);
  if (whole > size) store<usize>(at + size, whole - size);
  store<usize>(at, size | TAKEN);
  return at + HEAD;
}
