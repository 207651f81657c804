// Leaves the names of exports in the wasm, where boards/common/program.c looks them up, instead of on the heap.
import type { Replacements } from '../patch.js';

/** Per file: [text before, text after, how often it occurs]. */
export const replacements: Readonly<Record<string, Replacements>> = {
  'm3_parse.c': [
    ['            if (func->numNames < d_m3MaxDuplicateFunctionImpl)\n', '            if (! func)\n', 1],
  ],
};
