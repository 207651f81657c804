// What the services of one exchange fetch from elsewhere: who keeps the answer must know what it is made of.
import type { Body, OtherFetch, OtherResponse } from '../../services/service.js';
import { SessionError } from '../error.js';
import type { Watch } from './service_timeout.js';

/** Fetches for one exchange. */
const MOST = 1024;

type Fetching = { -readonly [Key in keyof OtherFetch]: OtherFetch[Key] };

export class Others {
  readonly #all: Fetching[] = [];

  get all(): readonly OtherFetch[] {
    return this.#all;
  }

  /** Asks, and notes what comes. The time that `watch` gives a service does not run meanwhile. */
  async fetch(url: string, ask: () => Promise<OtherResponse>, watch: Watch): Promise<OtherResponse> {
    if (this.#all.length === MOST) {
      throw new SessionError('TUNNEL_REFUSED', `more than ${MOST} addresses were fetched for one answer`);
    }
    const fetching: Fetching = { url, answer: undefined, whole: false };
    this.#all.push(fetching);
    const response = await watch.outside(ask());
    const { status, headers, verified } = response;
    fetching.answer = { status, headers: headers.clone(), verified };
    return { ...response, body: noted(response.body, fetching, watch) };
  }
}

async function* noted(body: Body, fetching: Fetching, watch: Watch): AsyncGenerator<Uint8Array, void, void> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await watch.outside(chunks.next());
      if (step.done === true) {
        fetching.whole = true;
        return;
      }
      yield step.value;
    }
  } finally {
    await chunks.return?.();
  }
}
