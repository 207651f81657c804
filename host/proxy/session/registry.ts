// The delegable sessions by their internal ids, and by the client random for those who know no id.
import { randomBytes } from 'node:crypto';
import type { Deliver } from '../../delegation/message.js';
import { NULL_SESSION_ID, type SessionId } from '../../delegation/session_id.js';
import { toHex } from '../../delegation/text.js';
import type { Principal } from '../admission/authentication.js';
import { SessionError } from '../error.js';
import type { DelegableSession } from './session.js';

export class SessionRegistry {
  readonly #sessions = new Map<SessionId, DelegableSession>();
  readonly #byPrincipal = new Map<string, Set<DelegableSession>>();

  /** R4: 128 random bits, never the null id, never one in use. */
  newId(): SessionId {
    for (;;) {
      const id = toHex(randomBytes(16));
      if (!/^0+$/.test(id) && !this.#sessions.has(id)) return id;
    }
  }

  add(session: DelegableSession): void {
    this.#sessions.set(session.id, session);
    const own = this.#byPrincipal.get(session.principal.name) ?? new Set();
    this.#byPrincipal.set(session.principal.name, own.add(session));
  }

  remove(session: DelegableSession): void {
    this.#sessions.delete(session.id);
    const own = this.#byPrincipal.get(session.principal.name);
    own?.delete(session);
    if (own?.size === 0) this.#byPrincipal.delete(session.principal.name);
  }

  /** Another principal's session is as unknown as none. */
  byId(principal: Principal, id: SessionId): DelegableSession | undefined {
    const session = this.#sessions.get(id);
    return session?.principal.name === principal.name ? session : undefined;
  }

  byClientRandom(principal: Principal, clientRandom: Uint8Array): DelegableSession | undefined {
    for (const session of this.#byPrincipal.get(principal.name) ?? []) {
      if (session.clientRandom?.equals(clientRandom)) return session;
    }
    return undefined;
  }

  /** The session that a delivery is for. Throws UNKNOWN_SESSION. */
  delivered(principal: Principal, { sessionId, clientRandom }: Deliver): DelegableSession {
    const session =
      sessionId === NULL_SESSION_ID
        ? this.byClientRandom(principal, clientRandom)
        : this.byId(principal, sessionId);
    if (session !== undefined) return session;
    throw new SessionError('UNKNOWN_SESSION', 'no session of this client has that id or client random');
  }

  all(): DelegableSession[] {
    return [...this.#sessions.values()];
  }
}
