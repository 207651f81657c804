// What services say of bytes that the proxy does not read: a filter judges the host, an audit log has its entry.
import type { Service, TunnelFlow } from '../../services/service.js';
import { SessionError } from '../error.js';
import { Watch, whyOf } from '../exchange/service_timeout.js';
import { canonicalHost } from '../handshake/identify.js';
import type { Log } from '../log.js';
import type { JudgeHello } from './hello_gate.js';

interface Asking {
  services: readonly Service[];
  limits: { serviceTimeout: number };
  log: Log;
}

/**
 * Judges the names in hellos: one may be another than CONNECT asked for. Undefined where no service judges. What it gives rejects
 * with SessionError STREAM_REFUSED.
 */
export function helloJudge(flow: TunnelFlow, asking: Asking): JudgeHello | undefined {
  if (asking.services.every(({ tunnel }) => tunnel === undefined)) return undefined;
  return async ({ sni, isAmbiguous }) => {
    if (isAmbiguous) throw new SessionError('STREAM_REFUSED', 'a hello can be read in two ways');
    const host = canonicalHost(sni);
    if (host === '' || host === canonicalHost(flow.host)) return;
    const reason = await tunnelRefusal({ ...flow, host }, asking);
    if (reason !== undefined) throw new SessionError('STREAM_REFUSED', reason);
  };
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
