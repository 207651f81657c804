// Keeps the thread of one service running: starts it, ends it where it blocks or takes too much, starts it anew.
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { ServiceLog } from '../service.js';
import { Link, type Methods } from './link.js';
import { type Loaded, type ThreadData, TOO_MUCH_MEMORY } from './plain.js';

export interface ThreadLimits {
  /** Milliseconds to load the module. */
  loadTime: number;
  /** Milliseconds for which it may leave its thread no time to answer. */
  blockTime: number;
  /** Bytes of its heap, and of its buffers. */
  memory: number;
}

export const THREAD_LIMITS: ThreadLimits = { loadTime: 30_000, blockTime: 5000, memory: 256 << 20 };

const TICK = 250;
/** A thread that ends sooner than this after its start is started again with patience. */
const SOUND = 10_000;
const LONGEST_PAUSE = 60_000;

/** As seen from the sources and from dist/. */
function threadFile(): URL {
  const files = ['./thread.js', '../../../dist/host/services/isolated/thread.js'];
  const urls = files.map((file) => new URL(file, import.meta.url));
  return urls.find((url) => existsSync(url)) ?? urls[0]!;
}

export class ServiceThread {
  readonly #module: string;
  readonly #methods: Methods;
  readonly #limits: ThreadLimits;
  readonly #log: ServiceLog;
  #worker: Worker | undefined;
  #link: Link | undefined;
  #why: string | undefined;
  #closed = false;
  #pause = 0;

  constructor(module: string, methods: Methods, limits: ThreadLimits, log: ServiceLog) {
    this.#module = module;
    this.#methods = methods;
    this.#limits = limits;
    this.#log = log;
  }

  /** The way to the service. Throws where it is down. */
  get link(): Link {
    if (this.#link === undefined) throw new Error('its thread is down, and will be started again');
    return this.#link;
  }

  /** Starts the thread and loads the module in it. */
  async start(): Promise<Loaded> {
    const { memory, loadTime } = this.#limits;
    const data: ThreadData = { module: this.#module, bufferBytes: memory };
    const worker = new Worker(threadFile(), {
      workerData: data,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memory >> 20 },
    });
    // A service's thread keeps no process alive.
    worker.unref();
    this.#worker = worker;
    this.#why = undefined;
    const started = Date.now();
    let timer: NodeJS.Timeout | undefined;
    const loaded = await new Promise<Loaded>((resolve) => {
      const link = new Link(worker, { ...this.#methods, loaded: resolve });
      const stopWatching = this.#watch(link);
      timer = setTimeout(() => resolve({ bad: `it did not load within ${loadTime} ms` }), loadTime);
      worker.on('error', (error) => {
        this.#why ??= error.message;
      });
      worker.once('exit', (status) => {
        stopWatching();
        if (status === TOO_MUCH_MEMORY) this.#why ??= `its buffers held more than ${memory >> 20} MiB`;
        const why = this.#why ?? 'it ended its own thread';
        link.break(new Error(why));
        resolve({ bad: why });
        if (this.#link !== link) return;
        this.#link = undefined;
        this.#again(why, Date.now() - started);
      });
      this.#link = link;
    });
    clearTimeout(timer);
    if ('bad' in loaded) {
      this.#link = undefined;
      await worker.terminate();
    }
    return loaded;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  /** Ends a thread that leaves a ping unanswered, counted in ticks: a proxy that is slow itself counts slowly. */
  #watch(link: Link): () => void {
    const { blockTime, memory } = this.#limits;
    let missed = 0;
    let isAsked = false;
    let before = 0;
    const timer = setInterval(() => {
      if (link.waiting === 0) return;
      if (!isAsked) {
        isAsked = true;
        missed = 0;
        before = process.memoryUsage.rss();
        const answered = () => {
          isAsked = false;
        };
        link.call('ping', undefined).then(answered, answered);
        return;
      }
      if (++missed * TICK >= blockTime) this.#end(`it blocked its thread for ${blockTime} ms`);
      // What a blocked thread allocates, nobody counts but the process.
      else if (process.memoryUsage.rss() - before > 2 * memory)
        this.#end('it blocked its thread and took memory');
    }, TICK);
    timer.unref();
    return () => clearInterval(timer);
  }

  #end(why: string): void {
    this.#why ??= why;
    void this.#worker?.terminate();
  }

  #again(why: string, lived: number): void {
    if (this.#closed) return;
    this.#pause = lived > SOUND ? 0 : Math.min(LONGEST_PAUSE, Math.max(250, this.#pause * 2));
    this.#log.warn('the thread of a service ended, and is started again', { why, pause: this.#pause });
    const timer = setTimeout(() => void this.#restart(), this.#pause);
    timer.unref();
  }

  async #restart(): Promise<void> {
    if (this.#closed) return;
    const started = Date.now();
    const loaded = await this.start();
    if ('bad' in loaded) this.#again(loaded.bad, Date.now() - started);
  }
}
