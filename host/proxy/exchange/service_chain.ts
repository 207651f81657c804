import type {
  Answer,
  Body,
  BodyWatcher,
  Flow,
  FlowResponse,
  OtherFetch,
  ResponseChange,
  Service,
} from '../../services/service.js';
import { HeaderList } from '../../services/service.js';
import { SessionError } from '../error.js';
import { guardBody } from './body_guard.js';
import type { Watcher } from './body_writer.js';
import { type FlowContext, type RequestFacts, Run, type Shared } from './service_call.js';
import { Others } from './service_fetches.js';
import { checkedAnswer, checkedHead, checkedTarget, checkHeaders, isBodiless } from './service_output.js';
import { Watch, whyOf } from './service_timeout.js';

interface MessageState {
  headers: HeaderList;
  /** Undefined where the message has none. */
  body: Body | undefined;
  /** A service has read of the body: its framing as it came is void, even where its content stays. */
  bodyTouched: boolean;
  /** Bytes of the body, where they are known before it is read. */
  length: number | undefined;
  /** Names of the services that changed something. */
  applied: string[];
}

export interface RequestState extends MessageState {
  method: string;
  target: string;
  /** The body comes in one chunk, unless it is too large for that. */
  isWhole?: boolean;
}

export interface ResponseState extends MessageState {
  status: number;
  reason: string;
  /** The content, where all of it is here already and no service has read of it. */
  whole: (() => readonly Uint8Array[] | undefined) | undefined;
  /** See the body as it leaves. */
  watchers: Watcher[];
}

/** Made once: an error costs a trace of the stack. */
const OVER = new DOMException('the exchange is over', 'AbortError');

/** The services of one exchange. */
export class ServiceChain {
  readonly #runs: Run[] = [];
  readonly #shared: Shared = {
    exchange: {},
    others: new Others(),
    admit: (url, flow) => this.#admit(url, flow),
  };

  /** `number`: of the exchange on its session. */
  constructor(
    private readonly context: FlowContext,
    private readonly number: number,
  ) {}

  /** Whether a service takes part there. */
  has(hook: 'request' | 'settle' | 'response'): boolean {
    const { services } = this.context;
    for (let i = 0; i < services.length; i++) if (services[i]![hook] !== undefined) return true;
    return false;
  }

  /** The exchange is over: what services still have under way is called off. */
  end(): void {
    for (const run of this.#runs) run.stop(OVER);
  }

  /** Changes `state`; an answer, where a service gave one, ends the round. */
  async request(state: RequestState): Promise<{ answer: Answer; by: string } | undefined> {
    for (const service of this.context.services) {
      if (service.request === undefined) continue;
      const run = this.#run(service, state);
      try {
        const outcome = await run.watch.guard((async () => service.request!(run.flow))());
        if (outcome?.kind === 'answer') return { answer: checkedAnswer(outcome), by: service.name };
        if (outcome === undefined) continue;
        const target = checkedTarget(outcome.target ?? state.target);
        checkHeaders(outcome.headers);
        if (!(await this.#replaceBody(state, outcome.body, undefined, run))) continue;
        state.target = target;
        if (outcome.body !== undefined) state.isWhole = outcome.isWhole === true;
        if (outcome.headers !== undefined) state.headers = new HeaderList(outcome.headers);
        state.applied.push(service.name);
      } catch (error) {
        if (error instanceof SessionError) throw error;
        run.cutOff(error);
      }
    }
    return undefined;
  }

  /** An answer in the place of what the origin gave, or did not give. */
  async settle(
    request: RequestFacts,
    response: FlowResponse | undefined,
  ): Promise<{ answer: Answer; by: string } | undefined> {
    for (const service of this.context.services) {
      if (service.settle === undefined) continue;
      const run = this.#run(service, request);
      const flow = Object.assign(run.flow, { response: response && copyOf(response) });
      try {
        const answer = await run.watch.guard((async () => service.settle!(flow))());
        if (answer !== undefined) return { answer: checkedAnswer(answer), by: service.name };
      } catch (error) {
        if (error instanceof SessionError) throw error;
        run.cutOff(error);
      }
    }
    return undefined;
  }

  async response(request: RequestFacts, state: ResponseState): Promise<void> {
    const received = copyOf(state);
    for (const service of this.context.services) {
      if (service.response === undefined) continue;
      const run = this.#run(service, request, state.whole);
      const { status, reason, headers, length } = state;
      const flow = Object.assign(run.flow, {
        response: { status, reason, headers: headers.clone(), length },
        received: copyOf(received),
        changedBy: [...state.applied],
      });
      try {
        const change = await run.watch.guard((async () => service.response!(flow))());
        if (change === undefined) continue;
        const head = checkedHead(change.status ?? status, change.reason ?? reason);
        if (isBodiless(head.status))
          throw new TypeError(`an answer ${head.status} has no body, this one has`);
        checkHeaders(change.headers);
        if (change.body !== undefined) state.whole = undefined;
        if (!(await this.#replaceBody(state, change.body, change.length, run))) continue;
        if (change.watch !== undefined)
          state.watchers.push(shielded(change.watch, run, this.#shared.others.all));
        if (isOnlyWatching(change)) continue;
        Object.assign(state, head);
        if (change.headers !== undefined) state.headers = new HeaderList(change.headers);
        state.applied.push(service.name);
      } catch (error) {
        if (error instanceof SessionError) throw error;
        run.cutOff(error);
      }
    }
  }

  /** One service may refuse what another one wants to fetch. */
  async #admit(url: string, flow: Flow): Promise<void> {
    for (const service of this.context.services) {
      if (service.admits === undefined) continue;
      const watch = new Watch(this.context.limits.serviceTimeout);
      let admitted: boolean;
      try {
        admitted = await watch.guard((async () => service.admits!(url, flow))());
      } catch (error) {
        const fields = { session: this.context.sessionId, service: service.name, why: whyOf(error) };
        this.context.log.warn(fields, 'service cut off, an address is admitted without it');
        continue;
      }
      if (admitted !== false) continue;
      throw new SessionError('ADDRESS_REFUSED', `the service '${service.name}' does not admit this address`);
    }
  }

  /** False where the service failed and the old body stays. */
  async #replaceBody(
    state: MessageState,
    make: ((body: Body) => Body) | undefined,
    length: number | undefined,
    run: Run,
  ): Promise<boolean> {
    if (make === undefined || state.body === undefined) return true;
    state.bodyTouched = true;
    const { watch } = run;
    const onBroken = (error: unknown) => run.onBroken(error);
    const guarded = await guardBody(state.body, make, { watch, limits: this.context.limits, onBroken });
    state.body = guarded.body;
    if ('cutOff' in guarded) {
      run.cutOff(guarded.cutOff);
      return false;
    }
    state.length = length;
    return true;
  }

  #run(service: Service, request: RequestFacts, whole?: ResponseState['whole']): Run {
    const run = new Run(this.context, this.number, service, request, this.#shared, whole);
    this.#runs.push(run);
    return run;
  }
}

const copyOf = ({ status, reason, headers }: FlowResponse): FlowResponse => ({
  status,
  reason,
  headers: headers.clone(),
});

const isOnlyWatching = ({ status, reason, headers, body }: ResponseChange): boolean =>
  status === undefined && reason === undefined && headers === undefined && body === undefined;

/** A watcher that throws sees no more, and harms nobody. */
function shielded(watcher: BodyWatcher, run: Run, others: readonly OtherFetch[]): Watcher {
  let failed = false;
  const shield = (call: () => void) => {
    if (failed) return;
    try {
      call();
    } catch (error) {
      failed = true;
      run.cutOff(error);
    }
  };
  return {
    chunk: (bytes) => shield(() => watcher.chunk(bytes)),
    end: () => shield(() => watcher.end(others)),
  };
}
