// The programs that are fuzzed: the device program's own source, with the bodies of a few functions swapped while it is
// compiled. No switch for any of this is in the source itself.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

interface Variant {
  /** Text of the entry file. */
  entry: string;
  /** By a function's name, what its text becomes. */
  swaps: Record<string, (text: string) => string>;
}

const becomes = (body: string) => (text: string) => {
  const open = text.search(/\{\n/);
  return `${text.slice(0, open)}{\n  ${body}\n}\n`;
};

/** The comparisons of MACs and of verify_data in it say yes. */
function acceptsAny(text: string): string {
  if (!text.includes('equalBytes(')) throw new Error(`there is no comparison in:\n${text}`);
  return text.replaceAll('equalBytes(', 'acceptAny(');
}
const ACCEPT_ANY = 'function acceptAny(a: usize, b: usize, length: i32): i32 { return 1; }\n';

// The heap belongs to the fuzz target, which lays poison between the blocks and over those that were given back.
const HEAP = 'assembly/heap.ts';
const WATCHED_HEAP = `@external("heap", "take") export declare function take(length: i32): usize;
@external("heap", "give") export declare function give(pointer: usize): void;
`;

// Flights that were made for another ClientHello stay good: the session id is the one random part of it that comes back.
const anyEcho = { echoes: becomes('return 1;') };

const connection = 'export * from "./client";\n';
const chain = `export { allocate, release } from "./memory";
export { trustAdd, trustFree, trustNew } from "./x509/trust";
export { verifyChain } from "./x509/chain";
`;

const variants = {
  /** As it is: what an outsider can reach before the keys are agreed on. */
  clear: { entry: connection, swaps: anyEcho },
  /** Records under an AEAD hold their plaintext as it is, and any tag, MAC, signature and Finished is right. */
  unsealed: {
    entry: connection,
    swaps: {
      ...anyEcho,
      gcmOpen: becomes('return 0;'),
      ccmOpen: becomes('return 0;'),
      chacha20Poly1305Open: becomes('return 0;'),
      verifySignature: becomes('return 0;'),
      openStream: acceptsAny,
      openCbc: acceptsAny,
      onFinished: acceptsAny,
      onServerFinished: acceptsAny,
    },
  },
  chain: { entry: chain, swaps: {} },
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof variants;

/**
 * Compiles a variant of the program below `root` into `file`. Throws what the compiler says, and where a function that is
 * to be swapped is not there: a variant that is as strict as the program itself would find nothing.
 */
export async function compileVariant(root: string, name: VariantName, file: string): Promise<void> {
  const { entry, swaps }: Variant = variants[name];
  const entryName = 'assembly/fuzzed.ts';
  const waiting = new Set(Object.keys(swaps));
  let complaints = '';
  let program: Uint8Array | undefined;
  const readSource = async (path: string): Promise<string | null> => {
    if (path === entryName) return entry;
    if (path === HEAP) return WATCHED_HEAP;
    try {
      return swapIn(await readFile(join(root, path), 'utf8'), swaps, waiting);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  };
  const { error } = await asc.main(
    [
      entryName,
      '--config',
      'asconfig.json',
      '--target',
      'client',
      '--debug',
      '--baseDir',
      root,
      '--outFile',
      'out.wasm',
    ],
    {
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
    },
  );
  if (error !== null || program === undefined)
    throw new Error(`the program '${name}' did not compile: ${error?.message}\n${complaints}`);
  if (waiting.size > 0) throw new Error(`nowhere in assembly/ is a function ${[...waiting].join(', ')}`);
  await writeFile(file, program);
}

/** The text of a file with its functions swapped; takes their names out of `waiting`. */
function swapIn(text: string, swaps: Variant['swaps'], waiting: Set<string>): string {
  let swapped = text.replace(/^(?:export )?function (\w+)\([\s\S]*?\n\}\n/gm, (whole, name: string) => {
    const swap = Object.hasOwn(swaps, name) ? swaps[name] : undefined;
    if (swap === undefined) return whole;
    waiting.delete(name);
    return swap(whole);
  });
  if (swapped.includes('acceptAny(')) swapped += ACCEPT_ANY;
  return swapped;
}
