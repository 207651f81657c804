// A program with all that it has started, as Linux tells it in /proc.
import { readdir, readFile } from 'node:fs/promises';

const PAGE = 4096;

export interface TreeSize {
  processes: number;
  /** Bytes in memory; what processes share counts for each. */
  memory: number;
}

/** Undefined where nothing tells, or it is gone. */
export async function treeSize(root: number): Promise<TreeSize | undefined> {
  let names: string[];
  try {
    names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const all = (await Promise.all(names.map(processOf))).filter((each) => each !== undefined);
  const tree = new Set([root]);
  // A child may stand before its parent.
  for (let size = 0; size !== tree.size; ) {
    size = tree.size;
    for (const { id, parent } of all) if (tree.has(parent)) tree.add(id);
  }
  const members = all.filter(({ id }) => tree.has(id));
  if (members.length === 0) return undefined;
  return { processes: members.length, memory: members.reduce((sum, { memory }) => sum + memory, 0) };
}

async function processOf(name: string) {
  try {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8');
    // The program's name may hold anything, in parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const shared = (await readFile(`/proc/${name}/statm`, 'utf8')).split(' ');
    const resident = Number(shared[1]) - Number(shared[2]);
    return { id: Number(name), parent: Number(fields[1]), memory: resident * PAGE };
  } catch {
    return undefined;
  }
}
