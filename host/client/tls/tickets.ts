// Session tickets and ids of servers met before. They are secrets of this client and never leave it.

/** Kept for one server; TLS 1.3 servers send two at a time. */
const PER_SERVER = 4;
const SERVERS = 64;

export class TicketStore {
  readonly #tickets = new Map<string, Uint8Array[]>();

  put(server: string, ticket: Uint8Array): void {
    const kept = this.#tickets.get(server) ?? [];
    this.#tickets.delete(server);
    this.#tickets.set(server, kept);
    kept.push(ticket);
    for (const old of kept.splice(0, kept.length - PER_SERVER)) old.fill(0);
    for (const [oldest] of this.#tickets) {
      if (this.#tickets.size <= SERVERS) break;
      this.forget(oldest);
    }
  }

  /**
   * A copy of the newest ticket. Each is given out once (RFC 9846 §C.4), save the last one: without it the next
   * connection would cost the device a handshake with public keys.
   */
  take(server: string): Uint8Array | undefined {
    const kept = this.#tickets.get(server);
    const ticket = kept?.at(-1)?.slice();
    if (kept !== undefined && kept.length > 1) kept.pop()!.fill(0);
    return ticket;
  }

  forget(server: string): void {
    for (const ticket of this.#tickets.get(server) ?? []) ticket.fill(0);
    this.#tickets.delete(server);
  }

  clear(): void {
    for (const server of [...this.#tickets.keys()]) this.forget(server);
  }
}
