// The account of one exchange: what came and went of it, for the client's receipt and for the services that keep a journal.
import type { JournalMark } from '../../services/journal.js';
import { HeaderList } from '../../services/service.js';
import type { Journal } from './journal.js';
import { Tally } from './tally.js';

/** What was done to a response, and what the client got of it. */
export interface ResponseReport {
  status: number;
  services: readonly string[];
  bytesBefore: number;
  bytesAfter: number;
  hash: Buffer;
  /** Where the response stands in the record, if somebody keeps one with such marks. */
  mark: JournalMark | undefined;
}

/** What went out of an answer. */
interface Outgoing {
  status: number;
  headers: HeaderList;
  services: readonly string[];
  after: Tally;
}

export interface AccountOptions {
  /** Undefined where nobody keeps a record. */
  journal: Journal | undefined;
  method: string;
  /** Called where a record is kept. */
  url: () => string;
}

export class Account {
  /** The body of the request, as it came and as it went on. */
  readonly requestBefore: Tally;
  #requestAfter: Tally;
  #requestServices: readonly string[] = [];
  #before: Tally;
  readonly #options: AccountOptions;
  readonly #started = Date.now();
  #outgoing: Outgoing | undefined;
  #recorded = false;

  constructor(options: AccountOptions) {
    this.#options = options;
    this.requestBefore = this.#tally();
    this.#requestAfter = this.requestBefore;
    this.#before = this.#tally();
  }

  /** The body of the response as it came. */
  get before(): Tally {
    return this.#before;
  }

  /** Services have made the request another one. */
  changeRequest(services: readonly string[]): void {
    this.#requestServices = services;
  }

  /** The body of the request goes on as another one, which is counted here. */
  replaceRequestBody(): Tally {
    this.#requestAfter = this.#tally();
    return this.#requestAfter;
  }

  /** A response comes, whose body is counted here. */
  receive(): Tally {
    this.#before = this.#tally();
    return this.#before;
  }

  /** What goes out from here on, counted by the tally, and reported at its end or where it breaks off. */
  begin({ status, headers }: Pick<Outgoing, 'status' | 'headers'>, services: readonly string[]): Tally {
    const after = this.#tally();
    this.#outgoing = { status, headers, services, after };
    return after;
  }

  /** Another answer to the same request follows. */
  again(): void {
    this.#recorded = false;
    this.#outgoing = undefined;
  }

  report(hash: Buffer, mark: JournalMark | undefined): ResponseReport {
    const { status, services, after } = this.#outgoing!;
    return { status, services, bytesBefore: this.#before.bytes, bytesAfter: after.bytes, hash, mark };
  }

  /** `number`: which exchange of the session, 0 for one that no client asked for. */
  async record(whole: boolean, number: number): Promise<JournalMark | undefined> {
    const { journal, method, url } = this.#options;
    this.#recorded = true;
    if (journal === undefined) return undefined;
    const { status, headers, services, after } = this.#outgoing ?? NOTHING_SENT;
    return journal.record({
      kind: 'response',
      number,
      method,
      url: url(),
      status,
      headers: headers.clone(),
      requestServices: this.#requestServices,
      services,
      request: [this.requestBefore.content(), this.#requestAfter.content()],
      response: [this.#before.content(), after.content()],
      whole,
      milliseconds: Date.now() - this.#started,
    });
  }

  #tally(): Tally {
    return new Tally(this.#options.journal !== undefined);
  }

  /** For an exchange that failed: what of its answer went out all the same. */
  async recordFailure(number: number): Promise<void> {
    if (!this.#recorded) await this.record(false, number);
  }
}

const NOTHING_SENT: Outgoing = { status: 0, headers: new HeaderList(), services: [], after: new Tally(true) };
