// One service at work in one hook of one exchange: what it is given, and how it is stopped.
import type { DeviceProfile } from '../../delegation/device.js';
import type { SessionId } from '../../delegation/session_id.js';
import { type InnerFlow, withInner } from '../../services/inner.js';
import type {
  Flow,
  FlowRequest,
  OriginIdentity,
  OtherOptions,
  OtherResponse,
  Service,
  ServiceLog,
} from '../../services/service.js';
import type { Log } from '../log.js';
import type { GuardLimits } from './body_guard.js';
import type { Others } from './service_fetches.js';
import { Watch, whyOf } from './service_timeout.js';

/** What the services of a session learn about it. */
export interface FlowContext {
  sessionId: SessionId;
  client: string;
  origin: OriginIdentity;
  /** See Flow. */
  inStep: boolean;
  /** Whether the roots that are in force vouch for it. */
  isVouchedFor: () => boolean;
  profile: DeviceProfile;
  /** Whether bytes may pass that are no HTTP. */
  admitsStreams: boolean;
  services: readonly Service[];
  limits: GuardLimits;
  log: Log;
  fetchOther: (url: string, options?: OtherOptions) => Promise<OtherResponse>;
}

export type RequestFacts = Pick<FlowRequest, 'method' | 'target' | 'headers'>;

/** What all services of one exchange have in common. */
export interface Shared {
  /** Stands for the exchange. */
  exchange: object;
  others: Others;
  /** Rejects where a service does not want `url` fetched. */
  admit: (url: string, flow: Flow) => Promise<void>;
}

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
    private readonly shared: Shared,
    whole: InnerFlow['whole'] = () => undefined,
  ) {
    const { sessionId, client, origin, profile } = context;
    const inStep = context.inStep && context.isVouchedFor();
    const { method, target, headers } = request;
    const signal = () => this.#signal();
    this.watch = new Watch(context.limits.serviceTimeout);
    const flow: Flow = {
      ...{ sessionId, exchange: shared.exchange, client, origin, inStep, profile },
      request: { method, target, url: urlOf(origin, target), headers: headers.clone() },
      log: this.#log(),
      get signal() {
        return signal();
      },
      fetchOther: (url, options = {}) => this.#fetchOther(url, options),
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

  async #fetchOther(url: string, options: OtherOptions): Promise<OtherResponse> {
    const { admit, others } = this.shared;
    const own = this.#signal();
    const signal = options.signal === undefined ? own : AbortSignal.any([own, options.signal]);
    // What the proxy itself does not admit is the same for every client.
    await this.watch.outside(admit(url, this.flow));
    return others.fetch(url, () => this.context.fetchOther(url, { ...options, signal }), this.watch);
  }
}

/** Made once: an error costs a trace of the stack. */
const CUT_OFF = new DOMException('the service is cut off', 'AbortError');

/** RFC 9112 §3.2: the target is a path, or already a URL. */
export function urlOf(origin: { host: string; port: number }, target: string): string {
  if (!target.startsWith('/')) return target;
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
  return `https://${host}${origin.port === 443 ? '' : `:${origin.port}`}${target}`;
}
