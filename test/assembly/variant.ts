// Compiles the device program's own source with something added or swapped, for tests that must see into it. No switch for any of
// this is in the source itself.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

export interface Variant {
  /** Text of the entry file, which lies in assembly/. */
  entry: string;
  /** Text of whole files, by their path below assembly/. */
  files?: Record<string, string>;
  /** By a function's name, what its text becomes. */
  swaps?: Record<string, (text: string) => string>;
}

/**
 * Compiles a variant of the program below `root` into `file`; much faster where it need not be optimized. Throws what the
 * compiler says, and where a function that is to be swapped is not there: a variant that is as strict as the program itself
 * would find nothing.
 */
export async function compileVariant(
  root: string,
  variant: Variant,
  file: string,
  { optimized = true } = {},
): Promise<void> {
  const { entry, files = {}, swaps = {} } = variant;
  const entryName = 'assembly/variant.ts';
  const waiting = new Set(Object.keys(swaps));
  let complaints = '';
  let program: Uint8Array | undefined;
  const readSource = async (path: string): Promise<string | null> => {
    if (path === entryName) return entry;
    const other = files[path.replace('assembly/', '')];
    if (other !== undefined) return other;
    try {
      return swapIn(await readFile(join(root, path), 'utf8'), swaps, waiting);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  };
  const options = [entryName, '--debug', '--runtime', 'minimal', '--noAssert', '--use', 'abort='];
  if (optimized) options.push('--config', 'asconfig.json', '--target', 'client');
  const { error } = await asc.main([...options, '--baseDir', root, '--outFile', 'out.wasm'], {
    stdout: { write() {} },
    stderr: {
      write(text: string | Uint8Array) {
        complaints += String(text);
      },
    },
    readFile: (path: string) => readSource(path),
    writeFile: (path: string, contents: string | Uint8Array) => {
      if (path === 'out.wasm' && typeof contents !== 'string') program = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || program === undefined)
    throw new Error(`a variant of the program did not compile: ${error?.message}\n${complaints}`);
  if (waiting.size > 0) throw new Error(`nowhere in assembly/ is a function ${[...waiting].join(', ')}`);
  await writeFile(file, program);
}

/** The text of a file with its functions swapped; takes their names out of `waiting`. */
function swapIn(text: string, swaps: NonNullable<Variant['swaps']>, waiting: Set<string>): string {
  return text.replace(/^(?:export )?function (\w+)\([\s\S]*?\n\}\n/gm, (whole, name: string) => {
    const swap = Object.hasOwn(swaps, name) ? swaps[name] : undefined;
    if (swap === undefined) return whole;
    waiting.delete(name);
    return swap(whole);
  });
}
