// A user's service in a thread of its own: what it does there, throwing, looping or growing without bound, costs the
// proxy no more than the thread.
import { pathToFileURL } from 'node:url';
import { innerOf } from '../inner.js';
import type { HookName } from '../module.js';
import {
  type Answer,
  type Body,
  type Flow,
  type FlowResponse,
  HeaderList,
  type OtherFetch,
  type OtherOptions,
  type RequestChange,
  type ResponseChange,
  type ResponseFlow,
  type Service,
  type ServiceLog,
  type SettledFlow,
} from '../service.js';
import { ServiceThread, THREAD_LIMITS, type ThreadLimits } from './host.js';
import { errorOf, type Link, ownCopy } from './link.js';
import type { PlainFlow, PlainHead, PlainMade, PlainOther, PlainOtherFetch, PlainOutcome } from './plain.js';

export type { ThreadLimits } from './host.js';

export interface IsolatedOptions {
  /** Hears that the thread ended and why. */
  log: ServiceLog;
  limits?: Partial<ThreadLimits>;
}

/** Bytes of a body that a watcher may be behind. */
const BEHIND = 4 << 20;
/** Milliseconds in which a service may let go of what it holds. */
const CLOSE_TIME = 2000;
/** Milliseconds after which a service hears, unasked, that an exchange is over. */
const OVER_DELAY = 5;

/** Loads the module `file` in a thread of its own. Rejects with an Error that says what is wrong with it. */
export async function isolated(file: string, { log, limits }: IsolatedOptions): Promise<Service> {
  const calls = new Calls(pathToFileURL(file).href, { ...THREAD_LIMITS, ...limits }, log);
  const loaded = await calls.thread.start();
  if ('bad' in loaded) throw new Error(loaded.bad);
  const hooks: { [Hook in HookName]: Service[Hook] } = {
    request: (flow: Flow) => calls.change<RequestChange | Answer>('request', flow),
    settle: (flow: SettledFlow) => calls.change<Answer>('settle', flow),
    response: (flow: ResponseFlow) => calls.change<ResponseChange>('response', flow),
    admits: (url: string, flow: Flow) => calls.admits(url, flow),
    sessionClosed: (id: string) => calls.thread.link.tell('sessionClosed', id),
    close: undefined,
  };
  const service = Object.fromEntries(loaded.hooks.map((hook) => [hook, hooks[hook]]));
  return { ...service, name: loaded.name, close: () => calls.close() };
}

class Calls {
  readonly thread: ServiceThread;
  readonly #flows = new Map<number, Flow>();
  readonly #fetches = new Map<number, AbortController>();
  readonly #exchanges = new WeakMap<object, number>();
  #over: number[] = [];
  #overTimer: NodeJS.Timeout | undefined;
  #last = 0;

  constructor(module: string, limits: ThreadLimits, log: ServiceLog) {
    const methods = {
      log: (line: { run: number; level: keyof ServiceLog; message: string; fields: object }) =>
        this.#flows.get(line.run)?.log[line.level](line.message, { ...line.fields }),
      fetchOther: (asked: OtherOptions & { run: number; fetch: number; url: string }) =>
        this.#fetchOther(asked),
      stopFetch: (fetch: number) => this.#fetches.get(fetch)?.abort(),
    };
    this.thread = new ServiceThread(module, methods, limits, log);
  }

  async change<T>(hook: 'request' | 'settle' | 'response', flow: Flow): Promise<T | undefined> {
    const plain = this.#plain(flow);
    const whole = hook === 'response' ? innerOf(flow).whole() : undefined;
    if (whole !== undefined) plain.chunks = whole.map(ownCopy);
    const outcome = (await this.thread.link.call(hook, plain)) as PlainOutcome | undefined;
    return outcome && (this.#outcome(plain.run, outcome) as T);
  }

  async admits(url: string, flow: Flow): Promise<boolean> {
    return (await this.thread.link.call('admits', { ...this.#plain(flow), url })) as boolean;
  }

  async close(): Promise<void> {
    const closing = (async () => this.thread.link.call('close', undefined))();
    await Promise.race([
      closing.catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, CLOSE_TIME).unref()),
    ]);
    await this.thread.close();
  }

  #plain(flow: Flow & { response?: FlowResponse | undefined }): PlainFlow {
    const run = ++this.#last;
    const { link } = this.thread;
    this.#flows.set(run, flow);
    innerOf(flow).onEnd(() => {
      this.#flows.delete(run);
      this.#onOver(link, run);
    });
    const exchange = this.#exchanges.get(flow.exchange) ?? ++this.#last;
    this.#exchanges.set(flow.exchange, exchange);
    const { sessionId, client, origin, inStep, profile, request } = flow;
    const { received, changedBy } = flow as Partial<ResponseFlow>;
    const { length } = (flow.response ?? {}) as { length?: number };
    return {
      ...{ run, exchange, sessionId, client, origin, inStep, profile },
      over: this.#over.splice(0),
      request: { ...request, headers: [...request.headers] },
      response: flow.response && { ...plainHead(flow.response), length },
      ...(received !== undefined && { received: plainHead(received) }),
      ...(changedBy !== undefined && { changedBy }),
    };
  }

  /** Nobody waits for it: it goes with the next call, or a little later. */
  #onOver(link: Link, run: number): void {
    this.#over.push(run);
    this.#overTimer ??= setTimeout(() => {
      this.#overTimer = undefined;
      if (this.#over.length > 0) link.tell('over', this.#over.splice(0));
    }, OVER_DELAY).unref();
  }

  #outcome(run: number, plain: PlainOutcome): Partial<Answer | ResponseChange> {
    const { makesBody, watches, chunks, made: begun, headers, refresh, ...rest } = plain;
    let current = headers && new HeaderList(headers);
    const told = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    if (plain.kind === 'answer') {
      return {
        ...told,
        headers: current!,
        body: chunks![0]!,
        ...(refresh && { refresh: new HeaderList(refresh) }),
      };
    }
    const { link } = this.thread;
    const onMade = ({ headers, rest, done }: Omit<PlainMade, 'chunks'>, chunks: Uint8Array[]) => {
      current = headers && new HeaderList(headers);
      return link.body(rest, { chunks, done });
    };
    async function* make(body: Body) {
      const source = link.offer(body);
      try {
        const batch = await link.gather(source);
        const made = (await link.call('make', { run, source, ...batch })) as PlainMade;
        yield* onMade(made, made.chunks);
      } finally {
        link.withdraw(source);
      }
    }
    /** It had the whole body with the call. */
    async function* made(body: Body) {
      if ('error' in begun!) throw errorOf(begun.error);
      for await (const _ of body);
      yield* onMade(begun!, chunks!);
    }
    const change: ResponseChange = {
      ...told,
      ...(makesBody && { body: begun === undefined ? make : made }),
      ...(watches && { watch: this.#watcher(run) }),
    };
    // The body may still change them before its first chunk.
    if (current !== undefined) Object.defineProperty(change, 'headers', { get: () => current });
    return change;
  }

  #watcher(run: number): NonNullable<ResponseChange['watch']> {
    const { link } = this.thread;
    let behind = 0;
    let failure: unknown;
    const onFailure = (error: unknown) => {
      failure = error;
    };
    return {
      chunk(bytes) {
        if (failure !== undefined) throw failure;
        behind += bytes.length;
        if (behind > BEHIND) throw new Error(`it watches too slowly: ${behind} bytes wait`);
        const seen = () => {
          behind -= bytes.length;
        };
        link.call('watch', { run, chunks: [ownCopy(bytes)] }).then(seen, onFailure);
      },
      end: (others) => void link.call('watchEnd', { run, others: others.map(plainOther) }).catch(onFailure),
    };
  }

  async #fetchOther({
    run,
    fetch,
    url,
    method,
    body: sent,
    headers,
    reason,
  }: OtherOptions & { run: number; fetch: number; url: string }): Promise<PlainOther> {
    const flow = this.#flows.get(run);
    if (flow === undefined) throw new Error('the exchange is over');
    const stop = new AbortController();
    this.#fetches.set(fetch, stop);
    flow.signal.addEventListener('abort', () => this.#fetches.delete(fetch), { once: true });
    const answer = await flow.fetchOther(url, {
      ...(method !== undefined && { method }),
      ...(sent !== undefined && { body: sent }),
      ...(headers !== undefined && { headers }),
      ...(reason !== undefined && { reason }),
      signal: stop.signal,
    });
    const body = this.thread.link.offer(answer.body);
    const { url: address, status, verified } = answer;
    return { url: address, status, verified, headers: [...answer.headers], body };
  }
}

const plainOther = ({ url, answer, whole }: OtherFetch): PlainOtherFetch => ({
  url,
  answer: answer && { ...answer, headers: [...answer.headers] },
  whole,
});

const plainHead = ({ status, reason, headers }: FlowResponse): PlainHead => ({
  status,
  reason,
  headers: [...headers],
});
