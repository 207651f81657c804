// What runs the device program in a firmware: wasm3, or the program as C.
import { join } from 'node:path';
import { runtimeHeaders } from '../aot/translate.js';
import { boards, build, type Group, headersIn, sanitizers, strictSanitizers, warnings } from './compile.js';
import { patchedSources, patchHeaders, patchUnits } from './wasm3/patched.js';
import { wasm3Headers, wasm3Pin, wasm3Sources, wasm3Units } from './wasm3.mjs';

// What is compiled with the interpreter's own use of registers, and its way in: see common/program_call.S.
const interpreterFlags = ['r4', 'r5', 'r6', 'r8', 'r9', 'r10'].map((register) => `-fcall-used-${register}`);
const entries = [
  ...['programLoad', 'programFind', 'programCall', 'programFunction', 'programExports', 'programNextExport'],
  ...['programLimit', 'programMemory', 'programFree'],
];

/** What runs the program, and what the rest of the firmware needs for that: files of boards/common, and options of the linker. */
export interface Core extends Group {
  common: readonly string[];
  link: readonly string[];
}

/** A program that was compiled in. */
export function translated(source: string, sanitize: boolean): Core {
  const aot = join(boards, 'aot');
  return {
    files: [join(aot, 'program.c'), source],
    headers: [...headersIn(aot), join(boards, 'common/program.h')],
    flags: [
      ...(sanitize ? ['-O1', ...strictSanitizers] : ['-O2']),
      ...[...warnings, '-Wno-unused-function', '-Wno-unused-parameter'],
      ...[`-I${aot}`, '-isystem', runtimeHeaders],
    ],
    common: [],
    link: [],
  };
}

/** wasm3 with our way into it. */
export function interpreter({ tuned, sanitize = false }: { tuned: boolean; sanitize?: boolean }): Core {
  const sources = tuned ? patchedSources(join(build, `wasm3-${wasm3Pin.version}-arm32`)) : wasm3Sources();
  const units = [...wasm3Units, ...(tuned ? patchUnits : [])];
  return {
    files: [join(boards, 'common/program.c'), ...units.map((unit) => join(sources, unit))],
    headers: [
      ...[...wasm3Headers, ...(tuned ? patchHeaders : [])].map((name) => join(sources, name)),
      ...['program.h', 'module.h'].map((name) => join(boards, 'common', name)),
    ],
    flags: [
      // wasm3 puns types and addresses through its slots: it is no case for UndefinedBehaviorSanitizer.
      ...(sanitize ? ['-O2', ...sanitizers] : ['-O3']),
      `-I${sources}`,
      ...(tuned ? interpreterFlags : []),
    ],
    common: ['module.c', ...(tuned ? ['program_call.S'] : [])],
    link: tuned ? entries.map((entry) => `-Wl,--wrap=${entry}`) : [],
  };
}
