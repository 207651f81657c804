// Changes to sources of others, made on a copy at build time.

/** Changes to one file: text before, text after, and how often it occurs. */
export type Replacements = readonly (readonly [before: string, after: string, times: number])[];

/**
 * `text` with each `[before, after, times]` of `replacements` done. Each must occur exactly as often as it says, so that
 * a checkout which differs there is refused and not half patched.
 */
export function patched(text: string, replacements: Replacements, name: string): string {
  let out = text;
  for (const [before, after, times] of replacements) {
    const parts = out.split(before);
    if (parts.length - 1 !== times) {
      throw new Error(`the patch expects '${before}' ${times} times in ${name}, found ${parts.length - 1}`);
    }
    out = parts.join(after);
  }
  return out;
}
