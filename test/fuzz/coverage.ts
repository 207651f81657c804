// Which blocks of this bundle V8 has run, told by its own profiler.
import { Session } from 'node:inspector/promises';

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** Blocks that have run since the start. */
  get blocks(): number {
    return this.#seen.size;
  }

  /** Counts the blocks of the script at `url`. */
  static async start(url: string): Promise<Coverage> {
    const coverage = new Coverage(url);
    coverage.#session.connect();
    await coverage.#session.post('Profiler.enable');
    await coverage.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return coverage;
  }

  private constructor(readonly url: string) {}

  /** The blocks that have run since the last call and never did before; `remember` makes them known. */
  async take(): Promise<Set<string>> {
    const fresh = new Set<string>();
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    for (const { url, functions } of result) {
      if (url !== this.url) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          const block = `${startOffset} ${endOffset}`;
          if (count > 0 && !this.#seen.has(block)) fresh.add(block);
        }
      }
    }
    return fresh;
  }

  remember(blocks: Iterable<string>): void {
    for (const block of blocks) this.#seen.add(block);
  }
}
