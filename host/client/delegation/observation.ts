// observe: the session stays the device's own, record by record, and the proxy reads along. With CBC suites it has the
// encryption keys and reads at once. Elsewhere those keys would let it write too: it gets the keys of an epoch only when
// nobody uses them any more, and reads what it kept.

import { FrameType } from '../../delegation/frame.js';
import { Grant } from '../../delegation/grant.js';
import type { TlsConnection } from '../../engine/tls.js';
import { Version } from '../../tls/numbers.js';
import type { TlsStream } from '../tls/tls_stream.js';
import { type Participation, type ParticipationParts, sendRevoke } from './participation.js';

/**
 * Bytes of one epoch after which new keys are taken (TLS 1.3): what the proxy keeps is bounded. The KeyUpdate goes with data of
 * ours and never by itself: an origin may have closed behind an answer whose last megabytes are still on their way, and one that
 * does not linger, as Node's server (RFC 9112 §9.6), resets the connection for whatever comes then, and the answer is lost.
 */
const EPOCH_BYTES = 2_097_152;
/** Milliseconds between two of them: servers begin to take more for an attack. */
const UPDATE_SPACE = 100;
/** Node takes more than three in ten minutes for an attack, and ends the connection. */
const UPDATES_MAX = 3;
/** Milliseconds for the origin to say close_notify. */
const FAREWELL = 2000;

export class Observed implements Participation {
  shared = true;
  /** Of the epoch whose keys are still owed; undefined where the proxy reads by itself. */
  #owed: { clientEpochStart: number; originEpochStart: number } | undefined;
  #bytes = 0;
  #updating = false;
  #updates = 0;
  /** When the last KeyUpdate went. */
  #updatedAt = Number.NEGATIVE_INFINITY;
  #finishing: Promise<void> | undefined;

  /** `owes`: the keys were not delivered, and are released epoch by epoch. */
  constructor(
    private readonly parts: ParticipationParts,
    private readonly inner: TlsStream,
    /** Of TLS. */
    private readonly version: number,
    owes: boolean,
  ) {
    if (!owes) return;
    this.#owed = inner.connection.records();
    inner.watchReceived((connection) => this.#release(connection));
  }

  /**
   * The keys in use are released when the origin has said close_notify, as it does of itself after an answer that is the last:
   * it answers a KeyUpdate no sooner than it has content to send.
   */
  get endsWithAnswer(): boolean {
    return this.#owed !== undefined;
  }

  async read(): Promise<Uint8Array | undefined> {
    const bytes = await this.inner.read();
    this.#bytes += bytes?.length ?? 0;
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#bytes > EPOCH_BYTES) await this.#leaveEpoch();
    this.#bytes += bytes.length;
    return this.inner.write(bytes);
  }

  revoke(reason: string): boolean {
    if (this.shared) sendRevoke(this.parts, reason);
    this.shared = false;
    this.#owed = undefined;
    return true;
  }

  onReturned(): void {}

  end(): Promise<void> {
    return this.inner.end();
  }

  close(): void {
    void this.finish();
  }

  finish(): Promise<void> {
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  async #finish(): Promise<void> {
    if (this.#owed === undefined || this.inner.closed) return this.inner.close();
    await new Promise<void>((resolve) => {
      const cancel = this.parts.context.platform.setTimer(FAREWELL, resolve);
      this.#sayFarewell()
        // An origin that is gone has left its keys unreleased: they may still be used.
        .catch(() => {})
        .finally(() => {
          cancel();
          resolve();
        });
    });
    this.inner.close();
  }

  async #sayFarewell(): Promise<void> {
    await this.inner.sayClose();
    if (!this.inner.closed) this.#release(this.inner.connection);
  }

  /** TLS 1.3: asks the origin to leave this epoch as this side does. An older session has no other. */
  async #leaveEpoch(): Promise<void> {
    if (this.#owed === undefined || this.#updating || this.version < Version.Tls13) return;
    const now = this.parts.context.platform.now();
    if (now - this.#updatedAt < UPDATE_SPACE || ++this.#updates > UPDATES_MAX) return;
    this.#updatedAt = now;
    this.#updating = true;
    await this.inner.keyUpdate();
  }

  #release(connection: TlsConnection): void {
    const { main, sessionId, context } = this.parts;
    const owed = this.#owed;
    if (owed === undefined) return;
    let released: ReturnType<TlsConnection['releaseObserved']>;
    try {
      released = connection.releaseObserved();
    } catch {
      // The origin has not left the epoch yet.
      return;
    }
    const { clientEpochStart, originEpochStart } = owed;
    main.send({ type: FrameType.Release, sessionId, clientEpochStart, originEpochStart, ...released });
    released.secrets.fill(0);
    context.observer.onStep?.({ step: 'keys-released', sessionId });
    this.#owed = undefined;
    this.#updating = false;
    this.#bytes = 0;
    const { closed, peerClosed, mayWrite } = connection.flags;
    if (closed || peerClosed || !mayWrite) return;
    connection.deliver(Grant.Observe);
    this.#owed = connection.records();
  }
}
