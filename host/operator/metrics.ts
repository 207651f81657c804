// Metrics of one proxy process in Prometheus' form. No label carries a client's or an origin's name.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Traffic } from '../proxy/events.js';
import type { LiveSession, ProxyServer } from '../proxy/proxy.js';

const DIRECTIONS = ['fromClient', 'toClient', 'fromOrigin', 'toOrigin'] as const;
const label = (direction: string) => direction.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Seconds: a resumed handshake, an exchange with a close origin, a slow page. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Ends that are nobody's failure. */
const ORDERLY = new Set(['CLOSED', 'REVOKED', 'STOPPING', 'ENDED']);

/** The registry of a proxy's metrics, which follows it from now on. */
export function metricsOf({ events, sessions }: Pick<ProxyServer, 'events' | 'sessions'>): Registry {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const grants = new Map<string, string>();
  const began = new Map<string, number>();
  const past: Traffic = { fromClient: 0, toClient: 0, fromOrigin: 0, toOrigin: 0 };

  new Gauge({
    name: 'deputy_sessions',
    help: 'Delegable sessions that are open, by state and by the grant that was delivered (none before).',
    labelNames: ['state', 'grant'],
    registers,
    collect() {
      this.reset();
      for (const { id, state } of sessions()) this.inc({ state, grant: grants.get(id) ?? 'none' });
    },
  });
  const mainSessions = new Gauge({
    name: 'deputy_main_sessions',
    help: 'Main sessions that have greeted and are open.',
    registers,
  });
  const tunnels = new Counter({
    name: 'deputy_tunnels_total',
    help: 'Tunnels that were opened: blind, or delegable on an open or a mirror leg.',
    labelNames: ['kind'],
    registers,
  });
  const refused = new Counter({
    name: 'deputy_tunnels_refused_total',
    help: 'Requests for a tunnel that were turned down, by HTTP status.',
    labelNames: ['status'],
    registers,
  });
  const deliveries = new Counter({
    name: 'deputy_deliveries_total',
    help: 'Deliveries that made a session active, by grant.',
    labelNames: ['grant'],
    registers,
  });
  const deliveriesRefused = new Counter({
    name: 'deputy_deliveries_refused_total',
    help: 'Deliveries that made no session active, by error code.',
    labelNames: ['code'],
    registers,
  });
  const closed = new Counter({
    name: 'deputy_sessions_closed_total',
    help: 'Sessions that ended in order, by reason.',
    labelNames: ['code'],
    registers,
  });
  const failures = new Counter({
    name: 'deputy_failures_total',
    help: 'Sessions that failed, by error code.',
    labelNames: ['code'],
    registers,
  });
  new Counter({
    name: 'deputy_session_bytes_total',
    help: 'Bytes of delegable sessions by direction, the TLS between client and proxy not counted.',
    labelNames: ['direction'],
    registers,
    collect() {
      const total = totalOf(past, sessions());
      this.reset();
      for (const direction of DIRECTIONS) this.inc({ direction: label(direction) }, total[direction]);
    },
  });
  const labelNames = ['services'] as const;
  const before = new Counter({
    name: 'deputy_content_bytes_in_total',
    help: 'Bytes of response bodies as origins sent them, by the services that changed or made the response.',
    labelNames,
    registers,
  });
  const after = new Counter({
    name: 'deputy_content_bytes_out_total',
    help: 'Bytes of response bodies as clients got them, by the services that changed or made the response.',
    labelNames,
    registers,
  });
  const saved = new Counter({
    name: 'deputy_content_bytes_saved_total',
    help: "Bytes that services took off origins' bodies, by services; answers that grew count nothing.",
    labelNames,
    registers,
  });
  const hits = new Counter({
    name: 'deputy_cache_hits_total',
    help: 'Responses that the cache gave in place of the origin.',
    registers,
  });
  const handshakes = new Histogram({
    name: 'deputy_client_handshake_seconds',
    help: 'TLS handshakes with clients, for a main session or a conduit, resumed or not.',
    labelNames: ['kind', 'resumed'],
    buckets: BUCKETS,
    registers,
  });
  const activations = new Histogram({
    name: 'deputy_delivery_seconds',
    help: 'From DELIVER to ACTIVE.',
    buckets: BUCKETS,
    registers,
  });
  const exchanges = new Histogram({
    name: 'deputy_exchange_seconds',
    help: "From the head of a request to the last byte of its response, by the response's class.",
    labelNames: ['status'],
    buckets: BUCKETS,
    registers,
  });

  events.on('connection', ({ kind, resumed, milliseconds }) =>
    handshakes.observe({ kind, resumed: String(resumed) }, milliseconds / 1000),
  );
  events.on('mainSession', () => mainSessions.inc());
  events.on('mainSessionClosed', () => mainSessions.dec());
  events.on('tunnel', ({ leg }) => tunnels.inc({ kind: leg ?? 'blind' }));
  events.on('refused', ({ status }) => refused.inc({ status: String(status) }));
  events.on('active', ({ sessionId, grant, milliseconds }) => {
    grants.set(sessionId, grant);
    deliveries.inc({ grant });
    activations.observe(milliseconds / 1000);
  });
  events.on('deliveryRefused', ({ code }) => deliveriesRefused.inc({ code }));
  events.on('request', ({ sessionId }) => began.set(sessionId, performance.now()));
  events.on('response', ({ sessionId, status, services, bytesBefore, bytesAfter }) => {
    const start = began.get(sessionId);
    if (start !== undefined)
      exchanges.observe({ status: `${Math.floor(status / 100)}xx` }, (performance.now() - start) / 1000);
    const names = { services: services.length === 0 ? 'none' : services.join('+') };
    before.inc(names, bytesBefore);
    after.inc(names, bytesAfter);
    saved.inc(names, Math.max(0, bytesBefore - bytesAfter));
    if (services.length === 1 && services[0] === 'cache') hits.inc();
  });
  events.on('closed', ({ sessionId, code, traffic }) => {
    (ORDERLY.has(code) ? closed : failures).inc({ code });
    grants.delete(sessionId);
    began.delete(sessionId);
    for (const direction of DIRECTIONS) past[direction] += traffic[direction];
  });
  return register;
}

function totalOf(past: Traffic, live: readonly LiveSession[]): Traffic {
  const total = { ...past };
  for (const { traffic } of live) for (const direction of DIRECTIONS) total[direction] += traffic[direction];
  return total;
}
