// What a client has granted for one session: tickets, how many connections may still be opened with them, and until when.
// What the origin gives on those connections descends from them, and opens no more connections than they may.
import type { Resumption } from '../../delegation/resumption.js';
import { copySecret } from '../../delegation/secret_bytes.js';
import { SessionError } from '../error.js';

/** One ticket, or session id. */
interface Ticket {
  resumption: Resumption;
  /** Unix milliseconds. */
  expires: number;
  used: boolean;
}

/** One granted resumption with its descendants. */
interface Line {
  /** Connections that may still be opened. */
  left: number;
  tickets: Ticket[];
  /** Whether the origin takes a ticket twice: it is found out by one connection at a time. */
  reuse: 'unknown' | 'works' | 'refused';
  trying: boolean;
  /** Turns that are not settled: each has its own copy of a secret. */
  pending: number;
}

/** `unused`: the origin was never asked, and the use is given back. `refused`: it wanted a full handshake. */
export type Outcome = 'resumed' | 'refused' | 'failed' | 'unused';

/** A resumption that is about to be used. */
export interface Turn {
  /** A copy, wiped when the turn is settled. */
  readonly resumption: Resumption;
  /** Once; what is said later counts for nothing. */
  settle(outcome: Outcome): void;
  /** What the origin gave on the connection: kept, as a copy, where it may be used. */
  gained(fresh: Resumption): void;
}

/** Of one line, and of one session. */
const MAX_TICKETS = 8;
const MAX_LINES = 8;

export class Granted {
  readonly #lines: Line[] = [];
  #closed = false;

  /** `until`: when all of it is over, Unix milliseconds. */
  constructor(private readonly until = Number.POSITIVE_INFINITY) {}

  /** Adds its uses to those that are left. Owns the secret from now on. */
  add(resumption: Resumption): void {
    if (this.#closed) {
      resumption.secret.fill(0);
      return;
    }
    this.#lines.push({
      left: resumption.uses,
      tickets: [ticketOf(resumption)],
      reuse: 'unknown',
      trying: false,
      pending: 0,
    });
    // The newest are worth most.
    if (this.#lines.length > MAX_LINES) end(this.#lines.shift()!);
  }

  get isClosed(): boolean {
    this.#dropExpired();
    return this.#closed;
  }

  /** Connections that may still be opened. */
  get left(): number {
    return this.#lines.reduce((sum, { left }) => sum + left, 0);
  }

  /** When the last ticket runs out, in Unix milliseconds; 0 where there is none. */
  get expires(): number {
    const all = this.#lines.flatMap(({ tickets }) => tickets.map(({ expires }) => expires));
    return Math.min(this.until, Math.max(0, ...all));
  }

  /** Whether `take` would give a turn. `later`: perhaps once pending connections are settled. */
  get state(): 'now' | 'later' | 'never' {
    this.#dropExpired();
    if (this.#next() !== undefined) return 'now';
    return this.#lines.some(({ left, pending }) => left > 0 && pending > 0) ? 'later' : 'never';
  }

  /** Takes one use. Throws RESUMPTION_SPENT where nothing is left, or can be used just now. */
  take(): Turn {
    this.#dropExpired();
    const next = this.#next();
    if (next === undefined) throw this.#spent();
    const { line, ticket } = next;
    const isTrial = ticket.used && line.reuse === 'unknown';
    if (isTrial) line.trying = true;
    ticket.used = true;
    line.left--;
    line.pending++;
    const resumption = { ...ticket.resumption, secret: copySecret(ticket.resumption.secret) };
    let settled = false;
    return {
      resumption,
      gained: (fresh) => this.#gain(line, fresh),
      settle: (outcome) => {
        if (settled) return;
        settled = true;
        resumption.secret.fill(0);
        line.pending--;
        if (outcome === 'unused') line.left++;
        if (outcome === 'refused') drop(line, ticket);
        if (isTrial) {
          line.trying = false;
          if (outcome === 'resumed') line.reuse = 'works';
          if (outcome === 'refused') line.reuse = 'refused';
        }
        this.#tidy(line);
      },
    };
  }

  /** Forgets everything but what turns under way hold. */
  close(): void {
    this.#closed = true;
    for (const line of this.#lines.splice(0)) end(line);
  }

  #next(): { line: Line; ticket: Ticket } | undefined {
    let second: { line: Line; ticket: Ticket } | undefined;
    for (const line of this.#lines.filter(({ left }) => left > 0)) {
      // RFC 9846 §C.4: a ticket that was used before tells observers that it is the same client.
      const fresh = line.tickets.findLast(({ used }) => !used);
      if (fresh !== undefined) return { line, ticket: fresh };
      const mayReuse = line.reuse === 'works' || (line.reuse === 'unknown' && !line.trying);
      const used = line.tickets.at(-1);
      if (mayReuse && used !== undefined) second ??= { line, ticket: used };
    }
    return second;
  }

  #gain(line: Line, fresh: Resumption): void {
    if (line.left === 0) return;
    line.tickets.push(ticketOf({ ...fresh, secret: copySecret(fresh.secret) }));
    if (line.tickets.length > MAX_TICKETS)
      drop(line, line.tickets.find(({ used }) => used) ?? line.tickets[0]!);
  }

  #dropExpired(): void {
    if (this.until <= Date.now()) this.close();
    for (const line of this.#lines) {
      for (const ticket of line.tickets.filter(({ expires }) => expires <= Date.now())) drop(line, ticket);
    }
  }

  #tidy(line: Line): void {
    if (line.left > 0 || line.pending > 0) return;
    end(line);
    const at = this.#lines.indexOf(line);
    if (at >= 0) this.#lines.splice(at, 1);
  }

  #spent(): SessionError {
    const why =
      this.left > 0
        ? 'what was granted can not be used any more, or not now: it has expired, or the origin refused it'
        : 'as many connections as the client granted have been opened';
    return new SessionError('RESUMPTION_SPENT', why);
  }
}

function ticketOf(resumption: Resumption): Ticket {
  const { lifetime, age } = resumption;
  return { resumption, expires: Date.now() + lifetime * 1000 - age, used: false };
}

function drop(line: Line, ticket: Ticket): void {
  const at = line.tickets.indexOf(ticket);
  if (at >= 0) line.tickets.splice(at, 1);
  ticket.resumption.secret.fill(0);
}

function end(line: Line): void {
  line.left = 0;
  for (const { resumption } of line.tickets.splice(0)) resumption.secret.fill(0);
}
