// What a flow tells beyond the interface of services, to those that run elsewhere: with it one message does for a page.
import type { Flow } from './service.js';

export interface InnerFlow {
  /** The content of the response, where all of it is here already and it is short. To look at it takes nothing. */
  whole(): readonly Uint8Array[] | undefined;
  /** Calls once when the exchange is over, or this service is cut off. Cheaper than a signal. */
  onEnd(listener: () => void): void;
}

const INNER = Symbol('inner');

export const withInner = <T extends Flow>(flow: T, inner: InnerFlow): T =>
  Object.assign(flow, { [INNER]: inner });

/** That of `flow`, or what can be done without. */
export function innerOf(flow: Flow): InnerFlow {
  const { [INNER]: inner } = flow as Flow & { [INNER]?: InnerFlow };
  if (inner !== undefined) return inner;
  const onEnd = (listener: () => void) => flow.signal.addEventListener('abort', listener, { once: true });
  return { whole: () => undefined, onEnd };
}
