// Session tickets and ids of servers met before. They are secrets of this client and never leave it.
import type { TlsConnection } from '../../engine/tls.js';
import { TICKET_SERVERS, TICKETS_A_SERVER } from '../../platform/platform.js';
import { Version } from '../../tls/numbers.js';

/** Where the tickets of one session go: each a session block of the engine, now the receiver's to wipe. */
export interface KeepTickets {
  keep(block: Uint8Array): void;
}

/** Gives the keeper what a connection has brought by now. */
export function drainTickets(connection: TlsConnection, keeper: KeepTickets): void {
  const { version, extendedMasterSecret } = connection.info();
  while (connection.flags.sessionAvailable) {
    const ticket = connection.takeSession();
    if (ticket === undefined) return;
    // RFC 7627 §5.3: without extended master secret a session is not resumed.
    if (version >= Version.Tls13 || extendedMasterSecret) keeper.keep(ticket);
    else ticket.fill(0);
  }
}

export class TicketStore {
  readonly #tickets = new Map<string, Uint8Array[]>();
  /** Those that go with this client, whatever is saved. */
  readonly #unsaved = new Set<Uint8Array>();

  /** `onChange` is called after each change, which can wait to be saved where it is not `urgent`. */
  constructor(private readonly onChange: (urgent?: boolean) => void = () => {}) {}

  put(server: string, ticket: Uint8Array): void {
    const kept = this.#tickets.get(server) ?? [];
    this.#tickets.delete(server);
    this.#tickets.set(server, kept);
    kept.push(ticket);
    for (const old of kept.splice(0, kept.length - TICKETS_A_SERVER)) this.#wipe(old);
    for (const [oldest] of this.#tickets) {
      if (this.#tickets.size <= TICKET_SERVERS) break;
      this.forget(oldest);
    }
    this.onChange();
  }

  /**
   * A copy of the newest ticket. Each is given out once (RFC 9846 §C.4), save the last one: without it the next
   * connection would cost the device a handshake with public keys.
   */
  take(server: string): Uint8Array | undefined {
    const kept = this.#tickets.get(server);
    const ticket = kept?.at(-1)?.slice();
    if (kept !== undefined && kept.length > 1) {
      this.#wipe(kept.pop()!);
      this.onChange();
    }
    return ticket;
  }

  /** All that may be saved, the oldest first. */
  *entries(): Generator<{ server: string; ticket: Uint8Array }> {
    for (const [server, kept] of this.#tickets) {
      for (const ticket of kept) if (!this.#unsaved.has(ticket)) yield { server, ticket };
    }
  }

  /** What there is now of these servers is saved no more, and what was saved goes at once. */
  unsave(isMeant: (server: string) => boolean): void {
    for (const [server, kept] of this.#tickets) {
      if (isMeant(server)) for (const ticket of kept) this.#unsaved.add(ticket);
    }
    this.onChange(true);
  }

  forget(server: string): void {
    for (const ticket of this.#tickets.get(server) ?? []) this.#wipe(ticket);
    if (this.#tickets.delete(server)) this.onChange();
  }

  /** Forgets those of every server whose name passes. */
  forgetAll(isMeant: (server: string) => boolean): void {
    for (const server of [...this.#tickets.keys()]) if (isMeant(server)) this.forget(server);
  }

  clear(): void {
    for (const server of [...this.#tickets.keys()]) this.forget(server);
  }

  #wipe(ticket: Uint8Array): void {
    this.#unsaved.delete(ticket);
    ticket.fill(0);
  }
}
