// Output whose pieces become ready out of order and leave in order, with bounds on what waits and for how long.

export interface Late {
  /** What stands in the piece's place, where the text goes on without it. */
  here: string;
  /** The piece as it stands after all the text. */
  after(piece: string): string;
}

interface Promised {
  piece: Promise<string>;
  late: Late | undefined;
}

/**
 * Text pieces in the order of the page. A promised piece (a picture under way) holds back what follows it: for a time,
 * all pieces together, after which the text goes first and the pieces that are late come at the end.
 */
export class OrderedOutput {
  #pieces: (string | Promised)[] = [];
  #waiting = 0;
  #characters = 0;
  #late: { piece: Promise<string>; after: Late['after'] }[] = [];
  #patience: number;
  #heldSince: number | undefined;

  /** `patience` in milliseconds; `maxWaiting` promised pieces and `maxCharacters` of text may queue behind the first. */
  constructor({ patience = 1000, maxWaiting = 16, maxCharacters = 256 * 1024 } = {}) {
    this.#patience = patience;
    this.maxWaiting = maxWaiting;
    this.maxCharacters = maxCharacters;
  }

  readonly maxWaiting: number;
  readonly maxCharacters: number;

  push(text: string): void {
    this.#pieces.push(text);
    this.#characters += text.length;
  }

  /** `piece` must not reject: a picture that fails is a placeholder, not an error. Without `late` it keeps its place. */
  pushLater(piece: Promise<string>, late?: Late): void {
    this.#pieces.push({ piece, late });
    this.#waiting++;
  }

  /** The text that may leave now. Waits for promised pieces only while the bounds are exceeded, or to the `end`. */
  async *drain(end: boolean): AsyncGenerator<string> {
    let ready = '';
    while (this.#pieces.length > 0) {
      const next = this.#pieces[0]!;
      if (typeof next === 'string') {
        ready += next;
        this.#characters -= next.length;
      } else {
        // What is ready needs no patience.
        const isThere = await settled(next.piece, 0);
        if (isThere === undefined) this.#countWait();
        if (isThere === undefined && !end && !this.#isFull() && this.#patience > 0) break;
        if (isThere === undefined && ready !== '') {
          yield ready;
          ready = '';
        }
        ready += isThere ?? (await this.#patiently(next));
        this.#waiting--;
        this.#heldSince = undefined;
      }
      this.#pieces.shift();
    }
    if (ready !== '') yield ready;
  }

  /** The pieces that were late, in the order of the page, each as soon as those before it are there. */
  async *drainLate(): AsyncGenerator<string> {
    for (const { piece, after } of this.#late.splice(0)) yield after(await piece);
  }

  get isAnyLate(): boolean {
    return this.#late.length > 0;
  }

  /** Time in which text was held back although more of the page came in. */
  #countWait(): void {
    const now = Date.now();
    if (this.#heldSince !== undefined) this.#patience -= now - this.#heldSince;
    this.#heldSince = now;
  }

  async #patiently({ piece, late }: Promised): Promise<string> {
    if (late === undefined) return piece;
    const started = Date.now();
    const there = this.#patience > 0 ? await settled(piece, this.#patience) : undefined;
    this.#patience -= Date.now() - started;
    if (there !== undefined) return there;
    this.#late.push({ piece, after: late.after });
    return late.here;
  }

  #isFull(): boolean {
    return this.#waiting > this.maxWaiting || this.#characters > this.maxCharacters;
  }
}

/** The value of `promise`, or undefined where it is not there within `milliseconds`. */
async function settled<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    if (milliseconds > 0) timer = setTimeout(resolve, milliseconds, undefined);
    else setImmediate(resolve, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
