// The thread of one service: loads its module, and lends it flows that reach back into the proxy's thread.
import { parentPort, workerData } from 'node:worker_threads';
import { importService } from '../module.js';
import {
  type Body,
  type BodyWatcher,
  HeaderList,
  type OtherFetch,
  type OtherOptions,
  type OtherResponse,
  type ResponseFlow,
  type Service,
} from '../service.js';
import { type Batch, Link, ownCopy, plainError } from './link.js';
import {
  type Loaded,
  type PlainFlow,
  type PlainHead,
  type PlainMade,
  type PlainOther,
  type PlainOtherFetch,
  type PlainOutcome,
  type ThreadData,
  TOO_MUCH_MEMORY,
} from './plain.js';

/** One call of a hook, until its exchange is over. */
interface Run {
  exchange: number;
  /** Made when it is first asked for. */
  stop?: AbortController;
  makeBody?: (body: Body) => Body;
  headers?: HeaderList;
  watcher?: BodyWatcher;
  made?: AsyncIterator<Uint8Array>;
  /** Where the rest of that is offered. */
  rest?: number;
}

/** Which body to make, of what: it begins with this batch. */
type MakeBody = Batch & { run: number; source: number };

const { module, bufferBytes } = workerData as ThreadData;
const runs = new Map<number, Run>();
const exchanges = new Map<number, { key: object; runs: number }>();
let service: Partial<Service>;

/** Milliseconds between two looks at the memory, which cost more than many a page. */
const LOOK = 10;
let looked = 0;

/** The heap has a limit of the engine's own; buffers lie outside it. */
const checkMemory = () => {
  const now = performance.now();
  if (now - looked < LOOK) return;
  looked = now;
  if (process.memoryUsage().arrayBuffers > bufferBytes) process.exit(TOO_MUCH_MEMORY);
};
setInterval(checkMemory, 100).unref();

const link = new Link(parentPort!, {
  ping: () => checkMemory(),
  request: (plain: PlainFlow) => hook(plain, (flow) => service.request!(flow)),
  settle: (plain: PlainFlow) => hook(plain, (flow) => service.settle!(flow)),
  response,
  admits: async (plain: PlainFlow) => (await service.admits!(plain.url!, flowOf(plain))) !== false,
  sessionClosed: (id: string) => service.sessionClosed!(id),
  close: () => service.close?.(),
  make,
  watch: ({ run, chunks: [chunk] }: { run: number; chunks: [Uint8Array] }) =>
    runs.get(run)?.watcher?.chunk(chunk),
  watchEnd: ({ run, others }: { run: number; others: readonly PlainOtherFetch[] }) =>
    runs.get(run)?.watcher?.end(others.map(otherFetch)),
  over: (ids: readonly number[]) => ids.forEach(over),
});

/** Where the whole body came with the call, what is made of it goes back with the outcome. */
async function response(plain: PlainFlow): Promise<PlainOutcome | undefined> {
  const outcome = await hook(plain, (flow) => service.response!(flow));
  const { run: id, chunks } = plain;
  if (outcome?.makesBody !== true || chunks === undefined) return outcome;
  try {
    const { chunks: first, ...made } = await begin(id, fromMemory(chunks));
    return { ...outcome, made, chunks: first };
  } catch (error) {
    return { ...outcome, made: { error: plainError(error) } };
  }
}

async function* fromMemory(chunks: Uint8Array[]) {
  yield* chunks;
}

async function hook(
  plain: PlainFlow,
  call: (flow: ResponseFlow) => unknown,
): Promise<PlainOutcome | undefined> {
  const outcome = (await call(flowOf(plain))) as Record<string, unknown> | undefined;
  const run = runs.get(plain.run);
  if (outcome === undefined || run === undefined) return undefined;
  const { kind, target, status, reason, length, isWhole, isUnmeasured, body, watch } = outcome;
  if (typeof body === 'function') run.makeBody = body as (body: Body) => Body;
  if (outcome.headers !== undefined) run.headers = outcome.headers as HeaderList;
  if (watch !== undefined) run.watcher = watch as BodyWatcher;
  const plainOutcome: Record<string, unknown> = {
    ...{ kind, target, status, reason, length, isWhole, isUnmeasured },
    headers: linesOf(run.headers),
    refresh: linesOf(outcome.refresh),
    makesBody: typeof body === 'function',
    watches: watch !== undefined,
  };
  if (kind === 'answer') plainOutcome.chunks = [ownCopy(body as Uint8Array)];
  return plainOutcome as unknown as PlainOutcome;
}

function make({ run, source, ...begun }: MakeBody): Promise<PlainMade> {
  return begin(run, link.body(source, begun));
}

/** Makes the body of a run, as far as it comes at once. */
async function begin(id: number, body: Body): Promise<PlainMade> {
  const run = runs.get(id);
  if (run === undefined) throw new Error('the exchange is over');
  const made = run.makeBody!(body)[Symbol.asyncIterator]();
  run.made = made;
  const rest = link.offer({ [Symbol.asyncIterator]: () => made });
  run.rest = rest;
  const batch = await link.gather(rest);
  checkMemory();
  return { ...batch, headers: linesOf(run.headers), rest };
}

const otherFetch = ({ url, answer, whole }: PlainOtherFetch): OtherFetch => ({
  url,
  answer: answer && { ...answer, headers: new HeaderList(answer.headers) },
  whole,
});

function over(id: number): void {
  const run = runs.get(id);
  if (run === undefined) return;
  runs.delete(id);
  const exchange = exchanges.get(run.exchange)!;
  if (--exchange.runs === 0) exchanges.delete(run.exchange);
  run.stop?.abort();
  if (run.rest !== undefined) link.withdraw(run.rest);
  (async () => run.made?.return?.())().catch(() => {});
}

function flowOf({ over: ended = [], chunks: _, ...plain }: PlainFlow): ResponseFlow {
  const run: Run = { exchange: plain.exchange };
  ended.forEach(over);
  runs.set(plain.run, run);
  const exchange = exchanges.get(plain.exchange) ?? { key: {}, runs: 0 };
  exchange.runs++;
  exchanges.set(plain.exchange, exchange);
  const log = (level: string) => (message: string, fields?: object) =>
    link.tell('log', {
      run: plain.run,
      level,
      message: String(message),
      fields: JSON.parse(JSON.stringify(fields ?? {})),
    });
  const head = (part: PlainHead | undefined) => part && { ...part, headers: new HeaderList(part.headers) };
  return {
    ...plain,
    exchange: exchange.key,
    request: { ...plain.request, headers: new HeaderList(plain.request.headers) },
    response: head(plain.response) as ResponseFlow['response'],
    received: head(plain.received) as ResponseFlow['received'],
    changedBy: plain.changedBy ?? [],
    log: { debug: log('debug'), info: log('info'), warn: log('warn') },
    get signal() {
      run.stop ??= new AbortController();
      if (!runs.has(plain.run)) run.stop.abort();
      return run.stop.signal;
    },
    fetchOther: (url, options) => fetchOther(plain.run, url, options),
  };
}

let lastFetch = 0;

async function fetchOther(run: number, url: string, options: OtherOptions = {}): Promise<OtherResponse> {
  const fetch = ++lastFetch;
  const { method, body, headers, reason, signal } = options;
  signal?.throwIfAborted();
  signal?.addEventListener('abort', () => link.tell('stopFetch', fetch), { once: true });
  const asked = { run, fetch, url: String(url), method, body, headers: linesOf(headers), reason };
  const answer = (await link.call('fetchOther', asked)) as PlainOther;
  return { ...answer, headers: new HeaderList(answer.headers), body: link.body(answer.body) };
}

/** Throws TypeError for what is no list of lines. */
function linesOf(headers: unknown) {
  return headers === undefined ? undefined : [...new HeaderList(headers as HeaderList)];
}

async function load(): Promise<Loaded> {
  const imported = await importService(module);
  if ('bad' in imported) return imported;
  const { name, hooks } = imported;
  service = imported.service;
  return { name, hooks };
}

link.tell('loaded', await load());
