// A target under V8: a reader of the host's, in a thread of its own that can be ended where it hangs.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { saveFinding, Window } from './explore.js';
import type { Reader } from './readers/reader.js';
import type { Outcome, Progress, Target } from './target.js';

/** Milliseconds for one input. */
const PATIENCE = 10_000;

export class ReaderTarget implements Target {
  readonly #folder: string;

  constructor(
    readonly reader: Reader,
    readonly root: string,
    /** The bundle that holds `runThread` too. */
    readonly script: string,
  ) {
    this.#folder = join(root, 'build/fuzz', reader.name);
  }

  get name(): string {
    return this.reader.name;
  }
  get about(): string {
    return this.reader.about;
  }

  async missing(): Promise<undefined> {}

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  async run(seconds: number, tell: (progress: Progress) => void): Promise<Outcome> {
    const window = new Window();
    const seed = Date.now() >>> 0;
    const folder = join(this.root, 'test/fuzz/corpus', this.name);
    const workerData = { reader: this.name, seconds, seed, folder, window: window.buffer };
    const worker = new Worker(this.script, { workerData });
    const progress = () => ({ executions: window.executions, blocks: window.blocks, kept: window.kept });
    let timer: NodeJS.Timeout | undefined;
    const report = await new Promise<string | undefined>((resolve) => {
      let last = -1;
      let since = Date.now();
      timer = setInterval(() => {
        tell(progress());
        if (window.executions !== last) [last, since] = [window.executions, Date.now()];
        else if (Date.now() - since > PATIENCE) resolve(`an input takes longer than ${PATIENCE} ms`);
      }, 1000);
      worker.on('error', (error) => resolve((error as Error).stack ?? String(error)));
      worker.on('exit', () => resolve(undefined));
    });
    clearInterval(timer);
    await worker.terminate();
    const { executions, blocks } = progress();
    if (report === undefined) return { executions, blocks };
    return { executions, blocks, finding: { file: await this.#save(seed, window.input), report } };
  }

  #save(seed: number, input: Uint8Array): Promise<string> {
    return saveFinding(this.#folder, `finding-${seed}`, input);
  }

  async replay(file: string): Promise<string | undefined> {
    try {
      await this.reader.read(await readFile(file));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.stack : String(error);
    }
  }
}
