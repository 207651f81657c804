// Wycheproof's cases for public-key primitives, from the folder of vectors beside the repository.
import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/vectors/wycheproof/', import.meta.url);

export interface Case {
  tcId: number;
  comment: string;
  flags: string[];
  result: 'valid' | 'invalid' | 'acceptable';
  [field: string]: unknown;
}

/** The groups of a file; undefined, said aloud, where the folder is absent. */
export function wycheproof<Group>(name: string): (Group & { tests: Case[] })[] | undefined {
  const file = new URL(`${name}.json`, folder);
  if (!existsSync(file)) {
    console.warn(`no Wycheproof cases for ${name}: ../shared/vectors is absent`);
    return undefined;
  }
  return JSON.parse(readFileSync(file, 'utf8')).testGroups;
}

export const absent = 'the folder ../shared/vectors is absent';
