// What services say of bytes that the proxy does not read: a filter judges the host, an audit log has its entry.
import type { Service, TunnelFlow } from '../../services/service.js';
import { Watch, whyOf } from '../exchange/service_timeout.js';
import type { Log } from '../log.js';

interface Asking {
  services: readonly Service[];
  limits: { serviceTimeout: number };
  log: Log;
}

/** Why the bytes must not pass; undefined where no service minds. One that fails has no say, unless it is required. Never rejects. */
export async function tunnelRefusal(
  flow: TunnelFlow,
  { services, limits, log }: Asking,
): Promise<string | undefined> {
  for (const service of services) {
    if (service.tunnel === undefined) continue;
    const asking = (async () => service.tunnel?.(flow))();
    try {
      const refusal = await new Watch(limits.serviceTimeout).guard(asking);
      if (refusal !== undefined)
        return `the service '${service.name}' lets nothing pass there: ${refusal.reason}`;
    } catch (error) {
      const { client, host, kind } = flow;
      log.warn(
        { service: service.name, client, host, kind, why: whyOf(error) },
        'service failed at a tunnel',
      );
      if (service.required === true) return `the service '${service.name}' is required, and failed`;
    }
  }
  return undefined;
}
