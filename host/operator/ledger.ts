// Keeps account of a proxy by what it tells its observers.
import { authority } from '../delegation/origin.js';
import type { ProxyServer } from '../proxy/proxy.js';
import { type EndView, type ProxyView, type SessionView, SHOWN, type SiteView, topSites } from './view.js';

/** Sites that are remembered; beyond, the one that saved least is forgotten. */
const SITES_KEPT = 1000;
const ADDRESS_LIMIT = 200;

/** Ends that are nobody's failure. */
const ORDERLY = new Set(['CLOSED', 'REVOKED', 'STOPPING', 'ENDED']);

type Facts = Omit<SessionView, 'state' | 'clientBytes' | 'originBytes'>;

export class Ledger {
  readonly #proxy: Pick<ProxyServer, 'events' | 'sessions' | 'devices'>;
  readonly #sessions = new Map<string, Facts>();
  readonly #sites = new Map<string, SiteView>();
  readonly #failures: EndView[] = [];
  #mainSessions = 0;
  #requests = 0;
  #bytesBefore = 0;
  #bytesAfter = 0;

  constructor(proxy: Pick<ProxyServer, 'events' | 'sessions' | 'devices'>) {
    this.#proxy = proxy;
    const { events } = proxy;
    events.on('mainSession', () => this.#mainSessions++);
    events.on('mainSessionClosed', () => this.#mainSessions--);
    events.on('tunnel', ({ sessionId, principal, host, port, leg }) => {
      if (sessionId !== null)
        this.#sessions.set(sessionId, newFacts(sessionId, principal, host, port, leg ?? ''));
    });
    events.on('handshake', ({ sessionId, tlsVersion, cipherSuite }) =>
      this.#note(sessionId, { tls: tlsVersion, suite: cipherSuite }),
    );
    events.on('active', ({ sessionId, grant, leg, device, unverified }) =>
      this.#note(sessionId, { grant, leg, device, unverified: unverified ?? '' }),
    );
    events.on('request', ({ sessionId, method, url }) => {
      this.#requests++;
      const facts = this.#sessions.get(sessionId);
      if (facts === undefined) return;
      facts.requests++;
      facts.latest = `${method} ${withoutQuery(url)}`.slice(0, ADDRESS_LIMIT);
    });
    // What a service gave in the origin's place: what the origin would have sent is not known.
    events.on('response', ({ sessionId, bytesBefore, bytesAfter }) =>
      this.#onResponse(sessionId, bytesBefore || bytesAfter, bytesAfter),
    );
    // It went into another answer, with which it is counted as sent.
    events.on('otherResponse', ({ sessionId, bytes }) => this.#onResponse(sessionId, bytes, 0));
    events.on('closed', ({ sessionId, code }) => this.#onClosed(sessionId, code));
  }

  view(): ProxyView {
    const live = this.#proxy.sessions();
    const shown = live.slice(-SHOWN.sessions).reverse();
    return {
      sessions: shown.flatMap(({ id, state, traffic }) => {
        const facts = this.#sessions.get(id);
        if (facts === undefined) return [];
        const clientBytes = traffic.fromClient + traffic.toClient;
        return [{ ...facts, state, clientBytes, originBytes: traffic.fromOrigin + traffic.toOrigin }];
      }),
      sessionCount: live.length,
      mainSessions: this.#mainSessions,
      requests: this.#requests,
      bytesBefore: this.#bytesBefore,
      bytesAfter: this.#bytesAfter,
      sites: topSites([...this.#sites.values()]),
      failures: [...this.#failures],
      devices: this.#proxy.devices().slice(0, SHOWN.devices),
    };
  }

  #note(sessionId: string, known: Partial<Facts>): void {
    const facts = this.#sessions.get(sessionId);
    if (facts !== undefined) Object.assign(facts, known);
  }

  #onResponse(sessionId: string, bytesBefore: number, bytesAfter: number): void {
    this.#bytesBefore += bytesBefore;
    this.#bytesAfter += bytesAfter;
    const facts = this.#sessions.get(sessionId);
    if (facts === undefined) return;
    const site = this.#sites.get(facts.host) ?? {
      host: facts.host,
      responses: 0,
      bytesBefore: 0,
      bytesAfter: 0,
    };
    this.#sites.set(facts.host, site);
    site.responses++;
    for (const account of [facts, site]) {
      account.bytesBefore += bytesBefore;
      account.bytesAfter += bytesAfter;
    }
    if (this.#sites.size > SITES_KEPT) this.#forgetOne(site);
  }

  #forgetOne(keep: SiteView): void {
    const gain = ({ bytesBefore, bytesAfter }: SiteView) => bytesBefore - bytesAfter;
    let least: SiteView | undefined;
    for (const site of this.#sites.values()) {
      if (site !== keep && (least === undefined || gain(site) < gain(least))) least = site;
    }
    if (least !== undefined) this.#sites.delete(least.host);
  }

  #onClosed(sessionId: string, code: string): void {
    const facts = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    if (facts === undefined || ORDERLY.has(code)) return;
    const { client, host, port } = facts;
    this.#failures.unshift({ at: Date.now(), client, host: authority(host, port), code });
    this.#failures.length = Math.min(this.#failures.length, SHOWN.failures);
  }
}

/** What follows the question mark may be a secret of the client's. */
const withoutQuery = (url: string) => url.replace(/\?.+$/s, '?…');

const newFacts = (id: string, client: string, host: string, port: number, leg: string): Facts => ({
  id,
  client,
  device: '',
  host,
  port,
  grant: '',
  leg,
  unverified: '',
  tls: '',
  suite: '',
  since: Date.now(),
  requests: 0,
  latest: '',
  bytesBefore: 0,
  bytesAfter: 0,
});
