// What the operator's page shows: plain data, which passes between processes and to the browser as it is.

import type { KnownDevice } from '../proxy/main_session/orders.js';

/** Times are milliseconds since 1970. */
export interface SessionView {
  id: string;
  client: string;
  /** Empty until the session is delivered. */
  device: string;
  host: string;
  port: number;
  state: string;
  /** Empty until the session is delivered. */
  grant: string;
  leg: string;
  /** Why the proxy could not verify it itself; empty where it did, and until it is delivered. */
  unverified: string;
  tls: string;
  suite: string;
  since: number;
  requests: number;
  /** Method and address of the latest; empty before the first. */
  latest: string;
  /** Bytes on the client's side, and on the origin's. */
  clientBytes: number;
  originBytes: number;
  /** Bytes of bodies as they came, and as they went on. */
  bytesBefore: number;
  bytesAfter: number;
}

export interface SiteView {
  host: string;
  responses: number;
  bytesBefore: number;
  bytesAfter: number;
}

export interface EndView {
  at: number;
  client: string;
  host: string;
  code: string;
}

/** A client's device, and what it answered to orders. */
export type DeviceView = KnownDevice;

/** One proxy process, or all of them together. */
export interface ProxyView {
  sessions: SessionView[];
  /** Live ones; more than are shown, where there are many. */
  sessionCount: number;
  mainSessions: number;
  requests: number;
  bytesBefore: number;
  bytesAfter: number;
  /** Those with the most bytes saved. */
  sites: SiteView[];
  /** The latest sessions that did not end in order. */
  failures: EndView[];
  /** Those seen last come first. */
  devices: DeviceView[];
}

export interface AuditView {
  /** Hash of the newest entry; of one chain, or of each worker's. */
  heads: string[];
  /** The newest last. */
  entries: { at: number; text: string }[];
}

export interface OperatorView extends ProxyView {
  version: string;
  started: number;
  listening: string;
  stopping: boolean;
  workers: number;
  audit?: AuditView;
}

export const SHOWN = { sessions: 200, sites: 20, failures: 10, devices: 200, audit: 20 } as const;

/** The views of several processes as one. */
export function merged(views: readonly ProxyView[]): ProxyView {
  const sum = (of: (view: ProxyView) => number) => views.reduce((total, view) => total + of(view), 0);
  const sites = new Map<string, SiteView>();
  for (const site of views.flatMap((view) => view.sites)) {
    const { host, responses, bytesBefore, bytesAfter } = site;
    const known = sites.get(host) ?? { host, responses: 0, bytesBefore: 0, bytesAfter: 0 };
    known.responses += responses;
    known.bytesBefore += bytesBefore;
    known.bytesAfter += bytesAfter;
    sites.set(host, known);
  }
  return {
    sessions: views
      .flatMap((view) => view.sessions)
      .sort((one, other) => other.since - one.since)
      .slice(0, SHOWN.sessions),
    sessionCount: sum((view) => view.sessionCount),
    mainSessions: sum((view) => view.mainSessions),
    requests: sum((view) => view.requests),
    bytesBefore: sum((view) => view.bytesBefore),
    bytesAfter: sum((view) => view.bytesAfter),
    sites: topSites([...sites.values()]),
    failures: views
      .flatMap((view) => view.failures)
      .sort((one, other) => other.at - one.at)
      .slice(0, SHOWN.failures),
    devices: views
      .flatMap((view) => view.devices)
      .sort((one, other) => other.seen - one.seen)
      .slice(0, SHOWN.devices),
  };
}

export const topSites = (sites: readonly SiteView[]): SiteView[] =>
  [...sites].sort((one, other) => saved(other) - saved(one)).slice(0, SHOWN.sites);

const saved = ({ bytesBefore, bytesAfter }: SiteView) => bytesBefore - bytesAfter;
