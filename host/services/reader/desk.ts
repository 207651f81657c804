// Has articles looked for in a thread of its own, one page after the other, within bounds.
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { PageSource } from './article.js';

export interface DeskLimits {
  /** Milliseconds for one page. */
  time: number;
  /** Bytes of the thread's heap. */
  memory: number;
  /** Pages that may wait. */
  waiting: number;
}

export const DESK_LIMITS: DeskLimits = { time: 4000, memory: 128 << 20, waiting: 16 };

/** `article`: HTML, undefined where there is none. `failure`: why it was not looked for to the end. */
export type Found = { article: string | undefined } | { failure: string };

interface Job {
  source: PageSource;
  done: (found: Found) => void;
}

/** As seen from the sources and from dist/. */
function threadFile(): URL {
  const files = ['./thread.js', '../../../dist/host/services/reader/thread.js'];
  const urls = files.map((file) => new URL(file, import.meta.url));
  return urls.find((url) => existsSync(url)) ?? urls[0]!;
}

export class ReadingDesk {
  readonly #queue: Job[] = [];
  #job: Job | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly limits: DeskLimits = DESK_LIMITS) {}

  /** Never rejects. */
  find(source: PageSource): Promise<Found> {
    if (this.#closed) return Promise.resolve({ failure: 'the proxy ends' });
    if (this.#queue.length >= this.limits.waiting) return Promise.resolve({ failure: 'too many pages wait' });
    return new Promise((done) => {
      this.#queue.push({ source, done });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#end('the proxy ends');
    for (const { done } of this.#queue.splice(0)) done({ failure: 'the proxy ends' });
  }

  #next(): void {
    if (this.#job !== undefined || this.#closed) return;
    this.#job = this.#queue.shift();
    if (this.#job === undefined) return;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => this.#end('it takes too long'), this.limits.time);
    this.#worker.postMessage(this.#job.source);
  }

  #start(): Worker {
    const worker = new Worker(threadFile(), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: this.limits.memory >> 20, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    worker.on('message', (article: string | undefined) => this.#settle({ article }));
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#end(error.message);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#end('its thread has ended');
    });
    return worker;
  }

  /** Gives the page under way up, and its thread. */
  #end(failure: string): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    this.#settle({ failure });
  }

  #settle(found: Found): void {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    job?.done(found);
    this.#next();
  }
}
