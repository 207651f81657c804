// The thread that runs one reader: it bends inputs, and keeps those that reach a block of the program that none reached.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Coverage } from './coverage.js';
import { Mutator, Random } from './mutator.js';
import type { Reader } from './readers/reader.js';

const LONGEST = 16_384;
/** Inputs between two looks at the coverage. */
const BATCH = 100;

/** What the other thread may look at while this one is busy, or hangs: executions, blocks, kept inputs, the input. */
export class Window {
  readonly #numbers: Uint32Array;
  readonly #input: Uint8Array;

  constructor(readonly buffer = new SharedArrayBuffer(16 + LONGEST)) {
    this.#numbers = new Uint32Array(buffer, 0, 4);
    this.#input = new Uint8Array(buffer, 16);
  }

  begin(input: Uint8Array): void {
    this.#numbers[3] = input.length;
    this.#input.set(input);
    this.#numbers[0] = this.executions + 1;
  }

  tell(blocks: number, kept: number): void {
    this.#numbers[1] = blocks;
    this.#numbers[2] = kept;
  }

  get executions(): number {
    return this.#numbers[0] ?? 0;
  }
  get blocks(): number {
    return this.#numbers[1] ?? 0;
  }
  get kept(): number {
    return this.#numbers[2] ?? 0;
  }
  get input(): Uint8Array {
    return this.#input.slice(0, this.#numbers[3]);
  }
}

/** Runs until `seconds` are over, or throws what an input brought up; `window` shows that input. */
export async function explore(
  reader: Reader,
  options: { seconds: number; seed: number; folder: string; script: string; window: Window },
): Promise<void> {
  const { window } = options;
  const until = performance.now() + 1000 * options.seconds;
  const mutator = new Mutator(new Random(options.seed), reader.words, LONGEST);
  const coverage = await Coverage.start(options.script);
  const kept = (await firstInputs(reader, options.folder)).filter(({ length }) => length <= LONGEST);
  const run = async (input: Uint8Array) => {
    window.begin(input);
    await reader.read(input);
  };
  for (const input of kept) await run(input);
  coverage.remember(await coverage.take());
  while (performance.now() < until) {
    window.tell(coverage.blocks, kept.length);
    const batch = Array.from({ length: BATCH }, () =>
      mutator.mutate(mutator.random.oneOf(kept) ?? new Uint8Array(), kept),
    );
    for (const input of batch) await run(input);
    const fresh = await coverage.take();
    // Looking after each input would cost more than the inputs do: only a batch with something new is run again.
    for (const input of fresh.size > 0 ? batch : []) {
      await run(input);
      const reached = [...(await coverage.take())].filter((block) => fresh.has(block));
      if (reached.length === 0) continue;
      kept.push(input);
      coverage.remember(reached);
      for (const block of reached) fresh.delete(block);
      if (fresh.size === 0) break;
    }
    coverage.remember(fresh);
  }
  window.tell(coverage.blocks, kept.length);
}

async function firstInputs(reader: Reader, folder: string): Promise<Uint8Array[]> {
  const names = await readdir(folder);
  const saved = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return [...(await reader.seeds()), ...saved];
}

/** Saves an input under a name that says what it is. */
export async function saveFinding(folder: string, name: string, input: Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, input);
  return file;
}
