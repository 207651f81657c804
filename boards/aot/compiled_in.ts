// A wasm program as C that goes into firmware: wasm2c's translation in the sandbox of sandbox.h, with a table of what the
// program exports (translated.h).
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patched, type Replacements } from '../parts/patch.js';
import { missingTranslator, type TranslatedFunction, type Translation, translate } from './translate.js';

const output = fileURLToPath(new URL('../../build/firmware/aot', import.meta.url));

/** Made anew where this changes what is written. */
const FORMAT = 1;

export interface CompiledIn {
  /** A C file, to be compiled with boards/aot and wasm2c's wasm-rt.h in reach. */
  source: string;
  /** SHA-256 of the wasm file: what the firmware hands to programLoad. */
  sha256: Buffer;
}

/** Translates the wasm file, where that was not done before. Throws where wasm2c can't, or the program needs a table. */
export function compiledIn(wasmFile: string): CompiledIn {
  const wasm = readFileSync(wasmFile);
  const sha256 = createHash('sha256').update(wasm).digest();
  const own = createHash('sha256')
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(sha256);
  const module = new WebAssembly.Module(wasm);
  if (WebAssembly.Module.imports(module).length > 0) throw new Error('the program imports something');
  const absent = missingTranslator();
  if (absent) throw new Error(absent);
  const folder = join(output, `${FORMAT}-${own.digest('hex').slice(0, 16)}`);
  const source = join(folder, 'translated_program.c');
  if (existsSync(source)) return { source, sha256 };
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const translation = translate(wasmFile, unfinished, NAME);
    const text = readFileSync(translation.source, 'utf8');
    rmSync(translation.source);
    const table = exportsTable(translation, module, sha256);
    writeFileSync(join(unfinished, 'translated_program.c'), `${inSandbox(text)}\n${table}`);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return { source, sha256 };
}

const NAME = 'aot';
const MEMORY = '&instance->w2c_memory';

// wasm2c passes addresses as `(u64)(base) + offset`; the sandbox takes both apart, so that it can check them in 32 bits.
const ACCESS = /\b([if]\d+_(?:load|store)\w*)\(&instance->w2c_memory, \(u64\)\((\w+)\)(?: \+ (\d+)u?)?/g;

/** The translation without wasm2c's preamble. Throws where the text isn't what wasm2c 1.0.32 writes. */
export function inSandbox(text: string): string {
  const from = text.indexOf('#define TRAP(x)');
  const to = text.indexOf('#if defined(_MSC_VER)\n\n// Adapted from');
  if (from < 0 || to < from) throw new Error('wasm2c wrote another preamble');
  const [head, rest] = [text.slice(0, from), text.slice(to)];
  if (rest.includes('CALL_INDIRECT('))
    throw new Error('the program has a table of functions: aot takes none');
  if (!rest.includes('wasm_rt_allocate_memory(')) throw new Error('the program has no memory');
  const kept = patched(
    `${head}#include "sandbox.h"\n\n${without(rest, UNUSED)}`,
    REPLACED,
    'the translation',
  );
  const code = kept
    .replace(ACCESS, (_, access, base, offset = '0') => `${access}(${base}, ${offset}u`)
    .replaceAll(`memory_fill(${MEMORY}, `, 'memory_fill(')
    .replaceAll(`memory_copy(${MEMORY}, ${MEMORY}, `, 'memory_copy(');
  const left = /(?:_load|_store|memory_fill|memory_copy)\w*\(&instance/.exec(code);
  if (left) throw new Error(`an access of the translation is not understood: ${left[0]}`);
  return code;
}

// Preamble that no program of ours uses, and that knows wasm2c's own sandbox.
const UNUSED: readonly (readonly [from: string, to: string])[] = [
  ['static inline void memory_fill(wasm_rt_memory_t* mem', 'static bool s_module_initialized'],
];

const REPLACED: Replacements = [['assert(wasm_rt_is_initialized());', '', 2]];

function without(text: string, cuts: typeof UNUSED): string {
  let out = text;
  for (const [from, to] of cuts) {
    const [start, end] = [out.indexOf(from), out.indexOf(to)];
    if (start < 0 || end < start) throw new Error(`wasm2c wrote no '${from}'`);
    out = out.slice(0, start) + out.slice(end);
  }
  return out;
}

function exportsTable(translation: Translation, module: WebAssembly.Module, sha256: Buffer): string {
  const { functions, instance } = translation;
  const usable = [...functions].filter(([, { parameters, result }]) => isPlain(parameters, result));
  const constants = constantsOf(module);
  return `#include "translated.h"

${usable.map(([, translated], index) => thunk(translated, instance, index)).join('\n')}

static const TranslatedFunction functions[] = {
${usable
  .map(
    ([name, { parameters, result }], i) =>
      `  {${JSON.stringify(name)}, call${i}, ${parameters.length}, ${result === 'void' ? 0 : 1}},`,
  )
  .join('\n')}
};

static const TranslatedConstant constants[] = {
${constants.map(([name, value]) => `  {${JSON.stringify(name)}, (int32_t)${value >>> 0}u},`).join('\n')}
  {0, 0},
};

static void start(void *instance) {
  stackLimit = stackPointer() - DEPUTY_AOT_STACK;
  Z_${NAME}_init_module();
  Z_${NAME}_instantiate(instance);
}

static wasm_rt_memory_t *memoryOf(void *instance) { return &((${instance} *)instance)->w2c_memory; }

const TranslatedProgram translatedProgram = {
  {${[...sha256].join(', ')}},
  sizeof(${instance}), start, memoryOf, functions, ${usable.length}, constants, ${constants.length},
};
`;
}

const isPlain = (parameters: readonly string[], result: string) =>
  parameters.length <= 16 && [...parameters, result].every((type) => type === 'u32' || type === 'void');

function thunk({ symbol, parameters, result }: TranslatedFunction, instance: string, index: number): string {
  const call = `${symbol}(${['it', ...parameters.map((_, at) => `arguments[${at}]`)].join(', ')})`;
  return `static uint32_t call${index}(void *instance, const uint32_t arguments[]) {
  ${instance} *it = instance;
  (void)arguments;
  enter(&it->w2c_memory);
  ${result === 'void' ? `${call};\n  return 0;` : `return ${call};`}
}`;
}

/** Exported 32-bit globals that never change: V8 tells by refusing to set them. */
function constantsOf(module: WebAssembly.Module): [string, number][] {
  const { exports } = new WebAssembly.Instance(module);
  return Object.entries(exports).flatMap(([name, value]): [string, number][] => {
    if (!(value instanceof WebAssembly.Global) || typeof value.value !== 'number') return [];
    const before = value.value;
    try {
      value.value = before;
      return [];
    } catch {
      return [[name, before]];
    }
  });
}
