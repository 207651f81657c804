// Keeps the worker processes of one proxy: starts them, replaces those that die, asks and stops them.
import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { DeputyError } from '../delegation/error.js';
import { TICKET_NAME_BYTES } from '../proxy/listener.js';
import type { Log } from '../proxy/log.js';
import type { Destination } from './dispatcher.js';
import type { FromWorker, Question, Questions, ToWorker } from './messages.js';
import { environmentOf } from './worker.js';

/** A worker that lives shorter is not replaced at once, and each one after it later still. */
const SHORT_LIFE = 5000;
const LONGEST_WAIT = 30_000;
/** What a worker does not answer in this time it is not asked any more. */
const ANSWER_TIME = 2000;
/** Beyond the grace, until a worker that should have ended is killed. */
const FAREWELL_TIME = 8000;

class Kept implements Destination {
  connections = 0;
  isReady = false;
  readonly ticketName: string;
  readonly born = Date.now();
  #asked = 0;
  readonly #answers = new Map<number, (value: unknown) => void>();
  /** How many sessions were cut short when it stopped. */
  cut = 0;

  constructor(
    readonly number: number,
    readonly process: Worker,
    ticketName: Buffer,
    readonly onReady: () => void,
  ) {
    this.ticketName = ticketName.toString('hex');
    process.on('message', (message: FromWorker) => this.#onMessage(message));
    process.on('error', () => {});
  }

  serve(socket: Socket, head: Buffer): void {
    this.connections++;
    const message: ToWorker = { kind: 'serve', head: head.toString('base64') };
    this.process.send(message, socket, undefined, (error) => error && socket.destroy());
  }

  tell(message: ToWorker): void {
    if (this.process.isConnected()) this.process.send(message, undefined, undefined, () => {});
  }

  /** Undefined where it does not answer. */
  async ask<Q extends Question>(
    question: Q,
    about: Questions[Q]['asks'],
  ): Promise<Questions[Q]['answers'] | undefined> {
    const id = ++this.#asked;
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<unknown>((resolve) => {
      this.#answers.set(id, resolve);
      timer = setTimeout(resolve, ANSWER_TIME, undefined);
      this.process.once('exit', resolve);
      this.tell({ kind: 'ask', id, question, about } as ToWorker);
    });
    const value = await answered;
    clearTimeout(timer);
    this.#answers.delete(id);
    return value as Questions[Q]['answers'] | undefined;
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.isReady = true;
        this.onReady();
        break;
      case 'answer':
        this.#answers.get(message.id)?.(message.value);
        break;
      case 'load':
        this.connections = message.connections;
        break;
      case 'stopped':
        this.cut = message.cut;
        break;
    }
  }
}

export class Keeper {
  readonly #workers = new Map<number, Kept>();
  readonly #log: Log;
  #stopping = false;
  /** Short lives in a row. */
  #shortLives = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Resolves when all are ready. Throws WORKER_FAILED where one ends before. */
  async start(count: number): Promise<void> {
    try {
      // What is wrong with all of them is said once.
      await this.#start(1);
      await Promise.all(Array.from({ length: count - 1 }, (_, i) => this.#start(i + 2)));
    } catch (error) {
      await this.stop(0, AbortSignal.abort());
      throw error;
    }
    for (const kept of this.#workers.values()) kept.process.once('exit', () => this.#onExit(kept));
  }

  get ready(): readonly Destination[] {
    return [...this.#workers.values()].filter(({ isReady, process }) => isReady && process.isConnected());
  }

  get count(): number {
    return this.ready.length;
  }

  /** The answers of those that gave one, by their ticket names: those who take others' places have their own. */
  async ask<Q extends Question>(
    question: Q,
    about: Questions[Q]['asks'],
  ): Promise<Map<string, Questions[Q]['answers']>> {
    const asked = [...this.#workers.values()].map(
      async (kept) => [kept.ticketName, await kept.ask(question, about)] as const,
    );
    const answers = new Map<string, Questions[Q]['answers']>();
    for (const [name, answer] of await Promise.all(asked))
      if (answer !== undefined) answers.set(name, answer);
    return answers;
  }

  /** Whether the worker of these tickets lives. */
  has(ticketName: string): boolean {
    return [...this.#workers.values()].some(
      (kept) => kept.ticketName === ticketName && !kept.process.isDead(),
    );
  }

  reload(): void {
    for (const kept of this.#workers.values()) kept.tell({ kind: 'reload' });
  }

  /** Lets all end what is under way; resolves with how much was cut short, or lost with a worker that died. */
  async stop(grace: number, again: AbortSignal): Promise<number> {
    this.#stopping = true;
    const left = [...this.#workers.values()].filter(({ process }) => !process.isDead());
    const ended = left.map(({ process }) => once(process, 'exit'));
    for (const kept of left) kept.tell({ kind: 'stop', grace: again.aborted ? 0 : grace });
    again.addEventListener('abort', () => {
      for (const kept of left) kept.tell({ kind: 'stop', grace: 0 });
    });
    const kill = setTimeout(() => {
      for (const { process } of left) process.process.kill('SIGKILL');
    }, grace + FAREWELL_TIME);
    await Promise.all(ended);
    clearTimeout(kill);
    return left.reduce((sum, { cut }) => sum + cut, 0);
  }

  #start(number: number): Promise<void> {
    const ticketName = randomBytes(TICKET_NAME_BYTES);
    return new Promise((resolve, reject) => {
      const kept = new Kept(number, cluster.fork(environmentOf({ number, ticketName })), ticketName, resolve);
      this.#workers.set(number, kept);
      kept.process.once('exit', () =>
        reject(new DeputyError('WORKER_FAILED', 'a worker process ended before it was ready: see above')),
      );
    });
  }

  /** Its sessions are lost, and no other's. */
  #onExit({ number, process, born }: Kept): void {
    if (this.#stopping) return;
    const { exitCode, signalCode } = process.process;
    this.#shortLives = Date.now() - born < SHORT_LIFE ? this.#shortLives + 1 : 0;
    const wait = this.#shortLives === 0 ? 0 : Math.min(LONGEST_WAIT, 500 * 2 ** this.#shortLives);
    this.#log.error({ worker: number, exitCode, signalCode, wait }, 'a worker died and is replaced');
    setTimeout(() => {
      if (this.#stopping) return;
      this.#start(number).catch(() => {});
      const replaced = this.#workers.get(number)!;
      replaced.process.once('exit', () => this.#onExit(replaced));
    }, wait).unref();
  }
}
