// Which of several candidates for a picture fits the screen (HTML §4.8.4.2.2, `srcset`).

const MAX_CANDIDATES = 64;

/** The address of the narrowest candidate that fills `width` pixels, or the widest; undefined where there is none. */
export function bestCandidate(srcset: string | undefined, width: number): string | undefined {
  let best: { address: string; width: number } | undefined;
  let count = 0;
  for (const [, address, size, unit] of (srcset ?? '').matchAll(CANDIDATE)) {
    if (address === undefined || ++count > MAX_CANDIDATES) break;
    // A density says how much larger it is than what the screen wants.
    const wide = unit === 'w' ? Number(size) : width * Number(unit === 'x' ? size : 1);
    const isBetter =
      best === undefined || (best.width < width ? wide > best.width : wide >= width && wide < best.width);
    if (isBetter) best = { address, width: wide };
  }
  return best?.address;
}

/** An address neither begins nor ends with a comma, but may hold some. */
const CANDIDATE = /[\s,]*([^\s,](?:[^\s]*[^\s,])?)(?:\s+(\d+(?:\.\d+)?)([wx])[^,]*)?(?=\s*(?:,|$))/g;
