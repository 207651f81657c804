// One service at work in one hook of one exchange: what it is lent, and how it is stopped.
import type { DeviceProfile } from '../../delegation/device.js';
import type { SessionId } from '../../delegation/session_id.js';
import { type InnerFlow, withInner } from '../../services/inner.js';
import type {
  Body,
  Flow,
  FlowRequest,
  OriginIdentity,
  OtherOptions,
  OtherResponse,
  Service,
  ServiceLog,
} from '../../services/service.js';
import type { Log } from '../log.js';
import type { GuardLimits } from './guard.js';
import { Watch, whyOf } from './watch.js';

/** What the services of a session are told about it. */
export interface FlowContext {
  sessionId: SessionId;
  client: string;
  origin: OriginIdentity;
  profile: DeviceProfile;
  services: readonly Service[];
  limits: GuardLimits;
  log: Log;
  fetchOther: (url: string, options?: OtherOptions) => Promise<OtherResponse>;
}

export type RequestFacts = Pick<FlowRequest, 'method' | 'target' | 'headers'>;

export class Run {
  readonly flow: Flow;
  readonly watch: Watch;
  /** Made when it is first asked for: few services do. */
  #abort: AbortController | undefined;
  #stopped: { reason: unknown } | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(
    private readonly context: FlowContext,
    private readonly number: number,
    private readonly service: Service,
    request: RequestFacts,
    exchange: object,
    admit: (url: string, flow: Flow) => Promise<void>,
    whole: InnerFlow['whole'] = () => undefined,
  ) {
    const { sessionId, client, origin, profile } = context;
    const { method, target, headers } = request;
    const signal = () => this.#signal();
    this.watch = new Watch(context.limits.serviceTimeout);
    const flow: Flow = {
      ...{ sessionId, exchange, client, origin, profile },
      request: { method, target, url: urlOf(origin, target), headers: headers.clone() },
      log: this.#log(),
      get signal() {
        return signal();
      },
      fetchOther: (url, options = {}) => this.#fetchOther(url, options, admit),
    };
    this.flow = withInner(flow, { whole, onEnd: (listener) => this.#listeners.push(listener) });
  }

  /** Once only. */
  stop(reason: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { reason };
    this.#abort?.abort(reason);
    for (const listener of this.#listeners) listener();
  }

  cutOff(error: unknown): void {
    this.#end(error, 'service cut off, content goes on without it');
  }

  /** The content can't go on without it: too much of it is gone. */
  onBroken(error: unknown): void {
    this.#end(error, 'service cut off in the middle of a body, which is cut short');
  }

  #end(error: unknown, message: string): void {
    this.stop(CUT_OFF);
    this.context.log.warn({ ...this.#fields(), why: whyOf(error) }, message);
  }

  #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#stopped !== undefined) this.#abort.abort(this.#stopped.reason);
    return this.#abort.signal;
  }

  #fields(): Record<string, unknown> {
    const { sessionId } = this.context;
    return { session: sessionId, request: `${sessionId}.${this.number}`, service: this.service.name };
  }

  #log(): ServiceLog {
    const { log } = this.context;
    return {
      debug: (message, more) => log.debug({ ...more, ...this.#fields() }, message),
      info: (message, more) => log.info({ ...more, ...this.#fields() }, message),
      warn: (message, more) => log.warn({ ...more, ...this.#fields() }, message),
    };
  }

  async #fetchOther(
    url: string,
    options: OtherOptions,
    admit: (url: string, flow: Flow) => Promise<void>,
  ): Promise<OtherResponse> {
    const own = this.#signal();
    const signal = options.signal === undefined ? own : AbortSignal.any([own, options.signal]);
    const fetched = admit(url, this.flow).then(() => this.context.fetchOther(url, { ...options, signal }));
    const response = await this.watch.outside(fetched);
    return { ...response, body: watched(response.body, this.watch) };
  }
}

/** Made once: an error costs a trace of the stack. */
const CUT_OFF = new DOMException('the service is cut off', 'AbortError');

async function* watched(body: Body, watch: Watch): AsyncGenerator<Uint8Array, void, void> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await watch.outside(chunks.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** RFC 9112 §3.2: the target is a path, or already a URL. */
export function urlOf(origin: { host: string; port: number }, target: string): string {
  if (!target.startsWith('/')) return target;
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  return `https://${host}${origin.port === 443 ? '' : `:${origin.port}`}${target}`;
}
