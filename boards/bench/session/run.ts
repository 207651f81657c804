// One run of the client on a board, with what each step took.
import type { Board } from '../../parts/boards.js';
import { ended, startClient } from '../../parts/run.js';

export interface Measured {
  readonly steps: { step: string; instructions: number }[];
  readonly total: number;
  readonly linear: number;
  readonly heap: number;
}

/** The same keys on each run; what the other ends choose still differs. */
const SEED = Buffer.alloc(64, 0x5e);

/**
 * Runs the client with these arguments and `--measure`. Gives `{ page, steps, total, heap, linear }`: the bytes printed,
 * instructions as `{ step, instructions }` in order, those of the whole run without sleep, and bytes of memory. Throws with
 * what the client said where it failed.
 */
export async function runMeasured(
  board: Board,
  firmware: string,
  args: readonly string[],
): Promise<Measured & { page: Buffer }> {
  const child = startClient(board, firmware, [...args, '--measure'], {
    seed: SEED,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const page: Buffer[] = [];
  let said = '';
  child.stdout!.on('data', (bytes) => page.push(bytes));
  child.stderr!.on('data', (bytes) => {
    said += bytes;
  });
  const status = await ended(child);
  if (status !== 0) throw new Error(`${board.name} ended with status ${status}: ${said}`);
  return { page: Buffer.concat(page), ...measured(said) };
}

/** What a client that was told to `--measure` said: all of the above but the page. */
export function measured(said: string): Measured {
  const steps = [...said.matchAll(/^measure ([a-z-]+) (\d+)$/gm)].map(([, step, count]) => ({
    step: step!,
    instructions: Number(count),
  }));
  const [, linear, heap] = /^memory linear \d+ (\d+) heap (\d+)$/m.exec(said) ?? [];
  return {
    steps: steps.filter(({ step }) => step !== 'total'),
    total: steps.find(({ step }) => step === 'total')!.instructions,
    linear: Number(linear),
    heap: Number(heap),
  };
}
