// Addresses of names: asked for once where many sessions go to one host, as a page's objects make them.
import { lookup } from 'node:dns/promises';

/** Milliseconds for which an answer is good: the system tells no lifetime, and few are shorter. */
const GOOD_FOR = 5000;
/** Names that are remembered. */
const MOST = 1024;

interface Answer {
  addresses: Promise<readonly string[]>;
  /** When it was asked for. */
  since: number;
}

export interface NamesOptions {
  resolve?: (name: string) => Promise<readonly string[]>;
  goodFor?: number;
  most?: number;
}

export class Names {
  readonly #answers = new Map<string, Answer>();
  readonly #resolve: (name: string) => Promise<readonly string[]>;
  readonly #goodFor: number;
  readonly #most: number;

  constructor({ resolve = resolved, goodFor = GOOD_FOR, most = MOST }: NamesOptions = {}) {
    this.#resolve = resolve;
    this.#goodFor = goodFor;
    this.#most = most;
  }

  /** In the system's order. Rejects as the system does; that is asked anew. */
  addresses(name: string): Promise<readonly string[]> {
    const known = this.#answers.get(name);
    const now = performance.now();
    if (known !== undefined && now - known.since < this.#goodFor) return known.addresses;
    // The oldest is the first: what is asked anew goes to the end.
    this.#answers.delete(name);
    if (this.#answers.size >= this.#most) this.#answers.delete(this.#answers.keys().next().value!);
    const answer = { addresses: this.#resolve(name), since: now };
    this.#answers.set(name, answer);
    answer.addresses.catch(() => {
      if (this.#answers.get(name) === answer) this.#answers.delete(name);
    });
    return answer.addresses;
  }
}

export const resolved = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);
