// Turns a wasm program into C with wabt's wasm2c. The C keeps the sandbox: each access is checked against the memory's
// size, and a trap calls wasm_rt_trap. Who compiles it gives the few functions of wasm-rt.h.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TranslatedFunction {
  /** Its name in C. The first argument is the instance. */
  symbol: string;
  /** Types in C of what follows, `u32` or `u64`. */
  parameters: string[];
  /** `void`, `u32` or `u64`. */
  result: string;
}

export interface Translation {
  /** The C file and its header, in the folder that was asked for. */
  source: string;
  header: string;
  /** The type in C of an instance. */
  instance: string;
  /** By the export's name in wasm. */
  functions: Map<string, TranslatedFunction>;
}

// By its whole path: npm puts another version before it, which wants another wasm-rt.h.
const wasm2c = process.env.WASM2C ?? '/usr/bin/wasm2c';

/** The folder of wasm-rt.h, which what it writes includes. */
export const runtimeHeaders = process.env.WASM_RT ?? '/usr/src/wasm2c';

/** Why programs can't be translated here; undefined where they can. */
export function missingTranslator(): string | undefined {
  try {
    execFileSync(wasm2c, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return "wasm2c is not installed: it is in Debian's package wabt";
  }
}

/**
 * Writes `folder`/`name`.c and .h from the wasm file. `name` is a C identifier: every symbol begins with it. With `names`
 * the functions keep the names that the wasm file may hold, for who reads a debugger. Throws what wasm2c says where it
 * can't.
 */
export function translate(wasm: string, folder: string, name: string, { names = false } = {}): Translation {
  if (!/^[a-z][a-z0-9]*$/.test(name)) throw new Error(`'${name}' can't begin the names of C symbols`);
  mkdirSync(folder, { recursive: true });
  const source = join(folder, `${name}.c`);
  const header = join(folder, `${name}.h`);
  const options = ['--module-name', name, ...(names ? [] : ['--no-debug-names'])];
  execFileSync(wasm2c, [...options, wasm, '-o', source], { stdio: ['ignore', 'ignore', 'pipe'] });
  const functions = readFunctions(readFileSync(header, 'utf8'), name);
  return { source, header, instance: `Z_${name}_instance_t`, functions };
}

/** What the options of every compiler must be, for wasm's own meaning: 64-bit hosts would leave the checks to a signal. */
export const translationDefines = [
  '-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0',
  '-DWASM_RT_MAX_CALL_STACK_DEPTH=300',
];

function readFunctions(header: string, name: string): Map<string, TranslatedFunction> {
  const functions = new Map<string, TranslatedFunction>();
  const pattern = new RegExp(
    `/\\* export: '([^']+)' \\*/\\n(\\w+) (Z_${name}Z_\\w+)\\(Z_${name}_instance_t\\*([^)]*)\\);`,
    'g',
  );
  for (const [, wasmName = '', result = '', symbol = '', rest = ''] of header.matchAll(pattern)) {
    const parameters = rest
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== '');
    functions.set(wasmName, { symbol, parameters, result });
  }
  return functions;
}
