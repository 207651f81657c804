// What one session tells: its client by messages of the main session, observers by events, the operator by the log.

import { type Delivery, legName } from '../../delegation/delivery.js';
import { FrameType } from '../../delegation/frame.js';
import { grantName } from '../../delegation/grant.js';
import { CipherChange } from '../../delegation/message.js';
import type { SessionId } from '../../delegation/session_id.js';
import type { OriginIdentity } from '../../services/service.js';
import { suiteName } from '../../tls/names.js';
import { Version } from '../../tls/numbers.js';
import type { SessionError } from '../error.js';
import type { ProxyEventEmitter, Traffic } from '../events.js';
import type { ResponseReport } from '../exchange/account.js';
import type { Log } from '../log.js';
import type { HandshakeView } from '../record/handshake_view.js';
import type { Side } from '../record/session_keys.js';
import type { EpochCounts } from './epoch_leg.js';
import type { Deliverer } from './session_options.js';

/** Of an audit log that is not kept. */
const NO_LOG = new Uint8Array(16);
const NO_HEAD = new Uint8Array(32);

export class SessionReports {
  /** Undefined before a delivery, and after one that failed: it hears of that by itself. */
  #deliverer: Deliverer | undefined;
  #deliveredAt = 0;
  #responses = 0;
  #verified = false;
  #epochs = { client: 0, origin: 0 };

  constructor(
    private readonly sessionId: SessionId,
    private readonly observers: ProxyEventEmitter,
    private readonly log: Log,
  ) {}

  handshake({ clientHello, serverHello }: HandshakeView): void {
    this.observers.emit('handshake', {
      sessionId: this.sessionId,
      tlsVersion:
        serverHello!.version === Version.Tls13
          ? '1.3'
          : serverHello!.version === Version.Tls12
            ? '1.2'
            : 'older',
      cipherSuite: suiteName(serverHello!.cipherSuite),
      serverName: clientHello?.sni ?? '',
    });
  }

  delivered(by: Deliverer): void {
    this.#deliverer = by;
    this.#deliveredAt = performance.now();
  }

  /** The delivery failed: its own call rejects with the reason. */
  notDelivered(): void {
    this.#deliverer = undefined;
  }

  active(
    delivery: Delivery,
    counts: { clientRecords: number; originRecords: number },
    origin: OriginIdentity,
  ): void {
    this.#verified = origin.verified;
    const unverified = origin.verified ? null : (origin.unverified ?? '');
    const { sessionId } = this;
    const { clientRecords, originRecords } = counts;
    this.#deliverer!.send({ type: FrameType.Active, sessionId, originRecords, clientRecords });
    const leg = legName(delivery);
    const grant = grantName(delivery.grant);
    this.log.info(
      { session: sessionId, grant, leg, ...(unverified !== null && { unverified }) },
      'session active',
    );
    this.observers.emit('active', {
      sessionId,
      grant,
      leg,
      clientRecords,
      originRecords,
      unverified,
      device: this.#deliverer!.profile.name,
      milliseconds: performance.now() - this.#deliveredAt,
    });
  }

  request(method: string, url: string): void {
    this.observers.emit('request', { sessionId: this.sessionId, method, url });
  }

  response({ status, services, bytesBefore, bytesAfter, hash, mark }: ResponseReport): void {
    const { sessionId } = this;
    this.#deliverer!.send({
      type: FrameType.Receipt,
      sessionId,
      response: ++this.#responses,
      status,
      verified: this.#verified,
      services,
      bytesBefore,
      bytesAfter,
      hash,
      log: mark?.log ?? NO_LOG,
      entry: mark?.entry ?? 0,
      head: mark?.head ?? NO_HEAD,
    });
    this.observers.emit('response', { sessionId, status, services, bytesBefore, bytesAfter });
  }

  /** R12. */
  keyUpdate(side: Side, generation: number): void {
    this.#epochs[side] = generation;
    const change = side === 'origin' ? CipherChange.OriginKeyUpdate : CipherChange.ProxyKeyUpdate;
    this.#cipherChanged(change, new Uint8Array(0));
  }

  /** R12. */
  ticket(message: Uint8Array): void {
    this.#cipherChanged(CipherChange.Ticket, message);
  }

  returned(code: string, counts: EpochCounts): void {
    this.#deliverer!.send({ type: FrameType.Returned, sessionId: this.sessionId, code, ...counts });
    this.log.info({ session: this.sessionId, code }, 'session returned');
    this.observers.emit('returned', { sessionId: this.sessionId, code });
  }

  undelivered(): void {
    this.log.info({ session: this.sessionId }, 'no delivery came in time, relaying undelegated');
  }

  failing({ code, message }: SessionError): void {
    this.log.info({ session: this.sessionId, code, why: message }, 'session failed');
  }

  failed({ code, message }: SessionError): void {
    this.#deliverer?.send({ type: FrameType.Error, sessionId: this.sessionId, code, text: message });
  }

  /** In order: nothing was under way. */
  finished(code: string): void {
    const { sessionId } = this;
    this.#deliverer?.send({ type: FrameType.Close, sessionId, code, text: '' });
  }

  closed(code: string, traffic: Traffic): void {
    const { sessionId } = this;
    this.observers.emit('closed', { sessionId, code, traffic });
  }

  #cipherChanged(change: CipherChange, ticket: Uint8Array): void {
    const { sessionId } = this;
    const { client: clientEpoch, origin: originEpoch } = this.#epochs;
    this.#deliverer?.send({
      type: FrameType.CipherChanged,
      sessionId,
      change,
      clientEpoch,
      originEpoch,
      ticket,
    });
    this.observers.emit('cipherChanged', { sessionId, change: CipherChange[change] });
  }
}
