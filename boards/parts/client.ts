// The client for boards: the host layer bundled and compiled to bytecode, and the device program, as sources to link.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { fontsTable } from './fonts.js';
import { compileScript, quickjsPin } from './quickjs.js';

const boards = fileURLToPath(new URL('..', import.meta.url));
const output = fileURLToPath(new URL('../../build/firmware/client', import.meta.url));

/** The device program that goes into firmware: the same file that the tests run. DEPUTY_CLIENT names another. */
export function clientWasm() {
  const file =
    process.env.DEPUTY_CLIENT ?? fileURLToPath(new URL('../../build/client.wasm', import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} does not exist; run npm run build:wasm`);
  return file;
}

/**
 * Files that define clientBytecode and clientWasm, for a screen fontsTable too, made anew where what they are made of has
 * changed. `compiledIn`: the SHA-256 of the program, which stands for it where the firmware has it as C. `script`: what the
 * bytecode begins with, below boards/.
 */
export async function clientSources(
  { screen = false },
  compiledIn?: Uint8Array,
  script = screen ? 'common/screen/main.ts' : 'common/main.ts',
) {
  mkdirSync(output, { recursive: true });
  const result = await bundle({
    entryPoints: [join(boards, script)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    minify: true,
    // Nothing of Node may slip into firmware.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  return [
    compiled(result.outputFiles[0]?.contents ?? new Uint8Array(0)),
    embedded('clientWasm', compiledIn ?? readFileSync(clientWasm())),
    ...(screen ? [embedded('fontsTable', readFileSync(fontsTable()))] : []),
  ];
}

function compiled(script: Uint8Array): string {
  const file = join(output, `bytecode-${print(script, quickjsPin.version)}.c`);
  if (existsSync(file)) return file;
  // Of this build alone: another one may compile another script.
  const folder = mkdtempSync(join(output, 'script-'));
  try {
    const source = join(folder, 'client.js');
    writeFileSync(source, script);
    compileScript(source, file, 'clientBytecode');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return file;
}

/** An assembler file that defines `symbol`, and `symbol` with `Length`. */
export function embedded(symbol: string, bytes: Uint8Array): string {
  const name = `${symbol}-${print(bytes)}`;
  const file = join(output, `${name}.S`);
  const copy = join(output, `${name}.bin`);
  const text = `  .section .rodata.${symbol}, "a"
  .global ${symbol}
  .global ${symbol}Length
  .balign 8
${symbol}:
  .incbin "${copy}"
  .balign 4
${symbol}Length:
  .long ${bytes.length}
  .section .note.GNU-stack, "", %progbits
`;
  // A checkout that was moved has files that lead to where it was.
  if (existsSync(copy) && existsSync(file) && readFileSync(file, 'utf8') === text) return file;
  mkdirSync(output, { recursive: true });
  replace(copy, bytes);
  replace(file, text);
  return file;
}

/** All at once: another build may be reading it. */
function replace(file: string, content: string | Uint8Array): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}

function print(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}
