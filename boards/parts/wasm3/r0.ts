// Moves wasm3's accumulator into registers on 32-bit ARM.
//
// Every operation is a function of (pc, sp, mem, r0, fp0) that ends in a call to the next. r0 is 64 bits wide: AAPCS
// (§6.4.2, rules C.3 to C.5) wants it in an even register pair, and after three words none is left, so it travels
// through the stack on each operation. As the third argument it lies in r2:r3 and `mem`, which only loads, stores and
// calls read, goes to the stack instead.
import type { Replacements } from '../patch.js';

/** Per file: [text before, text after, how often it occurs]. */
export const replacements: Readonly<Record<string, Replacements>> = {
  'm3_exec_defs.h': [
    ['_sp, M3MemoryHeader * _mem, m3reg_t _r0', '_sp, m3reg_t _r0, M3MemoryHeader * _mem', 1],
    ['_sp, _mem, _r0', '_sp, _r0, _mem', 2],
    // The caller's list was `mem, <0, 0.>`: the macro now takes mem, since r0 comes before it.
    ['# define d_m3BaseOpDefaultArgs          0', '# define d_m3BaseOpDefaultArgs(MEM)     0, (MEM)', 1],
    [
      '# define d_m3ExpOpDefaultArgs(...)      d_m3BaseOpDefaultArgs, __VA_ARGS__',
      '# define d_m3ExpOpDefaultArgs(MEM, ...) d_m3BaseOpDefaultArgs (MEM), __VA_ARGS__',
      1,
    ],
    [
      'd_m3OpDefaultArgs        d_m3ExpOpDefaultArgs    (0.)',
      'd_m3OpDefaultArgs(MEM)   d_m3ExpOpDefaultArgs    (MEM, 0.)',
      1,
    ],
    [
      'd_m3OpDefaultArgs        d_m3BaseOpDefaultArgs',
      'd_m3OpDefaultArgs(MEM)   d_m3BaseOpDefaultArgs (MEM)',
      1,
    ],
  ],
  'm3_exec.h': [['_mem, d_m3OpDefaultArgs', 'd_m3OpDefaultArgs (_mem)', 2]],
  'm3_env.c': [
    ['NULL, d_m3OpDefaultArgs', 'd_m3OpDefaultArgs (NULL)', 1],
    ['runtime->memory.mallocated, d_m3OpDefaultArgs', 'd_m3OpDefaultArgs (runtime->memory.mallocated)', 4],
  ],
};
