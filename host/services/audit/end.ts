// How far a log has come, kept beside it as FILE.end: a log that ends before has lost its end.
import { readFile, rename, writeFile } from 'node:fs/promises';

export interface End {
  log: string;
  entry: number;
  /** Hash of that entry. */
  head: string;
}

const PATTERN = /^([0-9a-f]{32}) ([1-9]\d{0,15}) ([0-9a-f]{64})\n$/;

/** Undefined where none is kept; null where it is none. */
export async function readEnd(file: string): Promise<End | null | undefined> {
  let text: string;
  try {
    text = await readFile(`${file}.end`, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [, log, entry, head] = PATTERN.exec(text) ?? [];
  if (log === undefined || head === undefined) return null;
  return { log, entry: Number(entry), head };
}

/** Takes the old one's place as a whole. */
export async function writeEnd(file: string, { log, entry, head }: End): Promise<void> {
  const next = `${file}.end.new`;
  await writeFile(next, `${log} ${entry} ${head}\n`, { mode: 0o600 });
  await rename(next, `${file}.end`);
}
