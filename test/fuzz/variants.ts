// The programs that are fuzzed: the device program's own source, with the bodies of a few functions swapped.
import type { Variant } from '../assembly/variant.js';

const becomes = (body: string) => (text: string) => {
  const open = text.search(/\{\n/);
  return `${text.slice(0, open)}{\n  ${body}\n}\n`;
};

/** The comparisons of MACs and of verify_data in it say yes. */
function acceptsAny(text: string): string {
  const changed = text.replaceAll(/equalBytes\(([^()]*)\)/g, '(equalBytes($1) | 1)');
  if (changed === text) throw new Error(`there is no comparison in:\n${text}`);
  return changed;
}

// The heap belongs to the fuzz target, which lays poison between the blocks and over those that were given back.
const watchedHeap = {
  'heap.ts': `@external("heap", "take") export declare function take(length: i32): usize;
@external("heap", "give") export declare function give(pointer: usize): void;
`,
};

// Flights that were made for another ClientHello stay good: the session id is the one random part of it that comes back.
const anyEcho = { echoes: becomes('return 1;') };

const connection = 'export * from "./client";\n';
const chain = `export { allocate, release } from "./memory";
export { trustAdd, trustFree, trustNew } from "./x509/trust";
export { verifyChain } from "./x509/chain";
`;

const table = {
  /** As it is: what an outsider can reach before the keys are agreed on. */
  clear: { entry: connection, files: watchedHeap, swaps: anyEcho },
  /** Records under an AEAD hold their plaintext as it is, and any tag, MAC, signature and Finished is right. */
  unsealed: {
    entry: connection,
    files: watchedHeap,
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
  chain: { entry: chain, files: watchedHeap },
} satisfies Record<string, Variant>;

export type VariantName = keyof typeof table;
export const variants: Record<VariantName, Variant> = table;
