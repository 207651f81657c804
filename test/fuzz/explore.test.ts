// The mutating side finds what it is there to find, and finds it again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explore, Window } from './explore.js';
import { Mutator, Random } from './mutator.js';
import { Finding, must, type Reader } from './readers/reader.js';

test('a fault behind three words is found, and the input that brings it up is there to be saved', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'deputy-'));
  const isFaulty = (text: string) => {
    if (!text.includes('<a')) return false;
    if (!text.includes('<b')) return false;
    return text.includes('<c');
  };
  const reader: Reader = {
    name: 'planted',
    about: '',
    seeds: async () => [Buffer.from('nothing')],
    words: ['<a', '<b', '<c'],
    read: (input) => must(!isFaulty(Buffer.from(input).toString('latin1')), 'planted'),
  };
  const window = new Window();
  try {
    const script = import.meta.url;
    const exploring = explore(reader, { seconds: 30, seed: 1, folder, script, window });
    await expect(exploring).rejects.toThrow(Finding);
    expect(isFaulty(Buffer.from(window.input).toString('latin1'))).toBe(true);
    expect(window.executions).toBeGreaterThan(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the same seed bends an input in the same way, and never beyond the longest', () => {
  const bent = (seed: number) => {
    const mutator = new Mutator(new Random(seed), ['word'], 64);
    return Array.from({ length: 200 }, () => mutator.mutate(Buffer.from('an input'), [Buffer.alloc(60, 1)]));
  };
  expect(bent(7)).toEqual(bent(7));
  expect(bent(7)).not.toEqual(bent(8));
  expect(Math.max(...bent(7).map(({ length }) => length))).toBeLessThanOrEqual(64);
});
