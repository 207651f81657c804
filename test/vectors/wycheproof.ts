// Reads Wycheproof's test vectors, which lie beside the repository in ../shared/vectors/wycheproof.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/vectors/wycheproof/', import.meta.url));

export interface WycheproofCase {
  tcId: number;
  comment: string;
  flags: string[];
  result: 'valid' | 'invalid' | 'acceptable';
}

/** A group's own parameters stand beside its tests. */
export type WycheproofGroup<Test, Group = unknown> = Group & { tests: (Test & WycheproofCase)[] };

/** The groups of `name`.json, or why they can't be read. Says on the console how many cases run, or that none do. */
export function wycheproof<Test, Group = unknown>(
  name: string,
): { groups: WycheproofGroup<Test, Group>[] } | { skipped: string } {
  const file = `${folder}${name}.json`;
  if (!existsSync(file)) {
    const skipped = `Wycheproof ${name}: skipped, ../shared/vectors/wycheproof is not beside the repository`;
    console.warn(skipped);
    return { skipped };
  }
  const { numberOfTests, testGroups } = JSON.parse(readFileSync(file, 'utf8'));
  console.info(`Wycheproof ${name}: ${numberOfTests} cases`);
  return { groups: testGroups };
}
