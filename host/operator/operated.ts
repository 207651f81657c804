// One proxy process as its operator sees it.
import type { ProxyServer } from '../proxy/proxy.js';
import { Ledger } from './ledger.js';
import { metricsOf } from './metrics.js';
import type { Operated } from './server.js';
import type { AuditView, OperatorView } from './view.js';

/** The newest entries of what is kept of sessions, wherever that is. */
export interface AuditTrail {
  tail(count: number): Promise<AuditView>;
}

/** What the page says of the whole, however many processes it has. */
export interface Surroundings {
  version: string;
  /** Where clients find the proxy. */
  listening: string;
  audit?: AuditTrail;
  isStopping: () => boolean;
}

export function operatedProxy(
  proxy: Pick<ProxyServer, 'events' | 'sessions' | 'end' | 'devices' | 'order'>,
  surroundings: Surroundings,
): Operated {
  const ledger = new Ledger(proxy);
  const register = metricsOf(proxy);
  const started = Date.now();
  return {
    view: async () => ({ ...ledger.view(), ...(await around(surroundings, started, 1)) }),
    metrics: async () => ({ text: await register.metrics(), contentType: register.contentType }),
    end: async (sessionId) => proxy.end(sessionId),
    order: async (signed) => proxy.order(signed).devices,
    get isReady() {
      return !surroundings.isStopping();
    },
  };
}

/** The part of the view that is the same for all processes. */
export async function around(
  { version, listening, audit, isStopping }: Surroundings,
  started: number,
  workers: number,
): Promise<Pick<OperatorView, 'version' | 'started' | 'listening' | 'stopping' | 'workers' | 'audit'>> {
  // A trail that can't be read now is shown again when it can.
  const trail = await audit?.tail(20).catch(() => undefined);
  return {
    version,
    started,
    listening,
    stopping: isStopping(),
    workers,
    ...(trail !== undefined && { audit: trail }),
  };
}
