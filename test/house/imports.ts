// What each file takes from others: imports of TypeScript and JavaScript, includes of C.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

export interface Import {
  /** Path from the root. */
  file: string;
  /** Path from the root for a relative import, the bare specifier otherwise. */
  target: string;
}

const MODULE =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/g;
const INCLUDE = /(?:^|\n)\s*#\s*include\s*"([^"]+)"/g;

/** All files below `folders` of `root` that are ours to judge, as paths from the root. */
export async function sourcesBelow(root: string, folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders.filter((each) => existsSync(join(root, each)))) {
    const names = await readdir(join(root, folder), { recursive: true });
    found.push(
      ...names.filter((name) => /\.(ts|cts|mjs|c|h|S)$/.test(name)).map((name) => join(folder, name)),
    );
  }
  return found.sort();
}

export async function importsOf(root: string, files: readonly string[]): Promise<Import[]> {
  const all = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(root, file), 'utf8');
      const pattern = /\.(c|h|S)$/.test(file) ? INCLUDE : MODULE;
      return [...text.matchAll(pattern)].map((match) => ({
        file,
        target: targetOf(root, file, match[1] ?? match[2] ?? ''),
      }));
    }),
  );
  return all.flat();
}

/** The file that is meant, where it is one of ours. */
function targetOf(root: string, file: string, specifier: string): string {
  const isC = /\.(c|h|S)$/.test(file);
  if (!isC && !specifier.startsWith('.')) return specifier;
  const path = normalize(join(dirname(file), specifier));
  if (isC) return existsSync(join(root, path)) ? path : specifier;
  const sources = [path.replace(/\.js$/, '.ts'), `${path}.ts`, join(path, 'index.ts'), path];
  return sources.find((each) => existsSync(join(root, each))) ?? path;
}

/** Groups of files that import each other in a circle, each in the order of its names (Tarjan's components). */
export function circles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { file, target } of imports) next.set(file, [...(next.get(file) ?? []), target]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    stack.push(file);
    for (const target of next.get(file) ?? []) {
      if (!index.has(target)) visit(target);
      const seen = stack.includes(target) ? Math.min(low.get(target) ?? own, index.get(target) ?? own) : own;
      low.set(file, Math.min(low.get(file) ?? own, seen));
    }
    if (low.get(file) !== own) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || next.get(file)?.includes(file)) found.push(group.sort());
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}
