// What the start page tells of each site: how it was reached, with which grant, and what the proxy saved.
import type { Observer, Origin, Step, TlsFacts } from '../client/observer.js';
import { type Grant, grantName } from '../delegation/grant.js';
import { authority } from '../delegation/origin.js';
import type { SessionId } from '../delegation/session_id.js';
import { toHex } from '../delegation/text.js';

export interface SiteEntry {
  readonly host: string;
  readonly port: number;
  /** Undefined where the proxy took no part in the last session. */
  grant: string | undefined;
  sessions: number;
  requests: number;
  /** Of content, before and after the proxy's services. */
  bytesBefore: number;
  bytesAfter: number;
  /** SHA-256 of the origin's certificate, hexadecimal. */
  certificate: string;
  lastUsed: number;
}

const SITES = 200;

/** Watches the clients of one person. */
export class Ledger implements Observer {
  readonly #sites = new Map<string, SiteEntry>();
  /** To which site a session belongs, for its receipts. */
  readonly #sessions = new Map<string, string>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The last used first. */
  get sites(): SiteEntry[] {
    return [...this.#sites.values()].sort((a, b) => b.lastUsed - a.lastUsed);
  }

  onStep(step: Step): void {
    switch (step.step) {
      case 'origin-verified':
        this.#onVerified(step.origin, step.tls, step.sessionId);
        break;
      case 'delivered':
        this.#onGrant(step.origin, step.grant);
        break;
      case 'request-sent':
        this.#siteOf(step.origin).requests++;
        break;
      case 'receipt': {
        const { sessionId, bytesBefore, bytesAfter } = step.message;
        const site = this.#sites.get(this.#sessions.get(sessionId) ?? '');
        if (site === undefined) break;
        site.bytesBefore += bytesBefore;
        site.bytesAfter += bytesAfter;
        break;
      }
    }
  }

  #onVerified(origin: Origin, tls: TlsFacts, sessionId: SessionId | undefined): void {
    const site = this.#siteOf(origin);
    site.sessions++;
    site.certificate = toHex(tls.certificateHash);
    site.grant = undefined;
    if (sessionId !== undefined) this.#sessions.set(sessionId, authority(origin.host, origin.port));
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > 10 * SITES && oldest !== undefined) this.#sessions.delete(oldest);
  }

  #onGrant(origin: Origin, grant: Grant): void {
    this.#siteOf(origin).grant = grantName(grant);
  }

  #siteOf({ host, port }: Origin): SiteEntry {
    const key = authority(host, port);
    const site: SiteEntry = this.#sites.get(key) ?? {
      host,
      port,
      grant: undefined,
      sessions: 0,
      requests: 0,
      bytesBefore: 0,
      bytesAfter: 0,
      certificate: '',
      lastUsed: 0,
    };
    site.lastUsed = this.#now();
    this.#sites.delete(key);
    this.#sites.set(key, site);
    const [oldest] = this.#sites.keys();
    if (this.#sites.size > SITES && oldest !== undefined) this.#sites.delete(oldest);
    return site;
  }
}
