// The proxy's questions for further origins: policy decides, then a session is opened and delivered, or denied.
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import type { Tunnel } from '../../delegation/message.js';
import type { DelegationPolicy } from '../../delegation/policy.js';
import { NULL_SESSION_ID, type SessionId } from '../../delegation/session_id.js';
import { DelegatedSession, type DelegationParts } from '../delegation/delegated_session.js';
import type { Held, Reservation } from './session_pool.js';

/** Questions that are being answered at one time; more are denied. */
const PENDING_LIMIT = 16;

export interface TunnelSurroundings {
  policy: DelegationPolicy;
  /** Whether the application still uses that session: a proxy asks only on behalf of one. */
  isInUse(session: SessionId): boolean;
  /** Waits for room. Throws TUNNEL_DENIED where none comes in time. */
  reserve(): Promise<Reservation>;
  drop(held: Held): void;
}

export class TunnelAnswerer {
  readonly #surroundings: TunnelSurroundings;
  readonly #pending = new Set<number>();

  constructor(surroundings: TunnelSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Answers one TUNNEL with a delivery or a DENY. Never rejects. */
  async answer(parts: DelegationParts, tunnel: Tunnel): Promise<void> {
    const { observer } = parts.context;
    const { requestId } = tunnel;
    observer.onStep?.({ step: 'tunnel-asked', tunnel });
    let reservation: Reservation | undefined;
    try {
      // One id is one question: a repeated one would confuse whose answer a delivery is.
      if (this.#pending.has(requestId)) return;
      this.#admit(tunnel);
      this.#pending.add(requestId);
      const admission = await this.#surroundings.policy.decide({ ...tunnel, asker: 'tunnel' });
      if (admission === undefined) throw refused(`the policy of this client denies ${tunnel.host}`);
      if (admission.grant === Grant.Observe) throw refused('the policy lets the proxy read, and not ask');
      // The proxy knows how much room there is: where it asks, it is ending another session.
      reservation = await this.#surroundings.reserve();
      const origin = { host: tunnel.host, port: tunnel.port };
      const session = await DelegatedSession.open(parts, origin, admission, requestId);
      const held: Held = {
        origin,
        close: () => session.finish(),
        revoke: (reason) => session.revoke(reason),
        isIdle: () => !this.#surroundings.isInUse(tunnel.forSession),
      };
      reservation.hold(held);
      observer.onStep?.({ step: 'tunnel-granted', tunnel, sessionId: session.sessionId });
      void session.ended().then(() => this.#surroundings.drop(held));
    } catch (error) {
      reservation?.cancel();
      const isOurs = error instanceof DeputyError;
      const reason = isOurs ? error.message : 'the client failed';
      const code = isOurs ? error.code : 'CLIENT_FAILED';
      observer.onStep?.({ step: 'tunnel-denied', tunnel, reason });
      parts.main.send({ type: FrameType.Deny, sessionId: NULL_SESSION_ID, requestId, code, reason });
    } finally {
      this.#pending.delete(requestId);
    }
  }

  #admit(tunnel: Tunnel): void {
    if (!this.#surroundings.isInUse(tunnel.forSession))
      throw denied('no session in use needs another origin');
    if (this.#pending.size >= PENDING_LIMIT) throw denied('too many origins were asked for at once');
  }
}

const refused = (reason: string) => new DeputyError('POLICY_DENIED', reason);
const denied = (reason: string) => new DeputyError('TUNNEL_DENIED', reason);
