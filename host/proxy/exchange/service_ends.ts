// What services hear beside exchanges: that a session is over, and that the proxy closes.
import type { SessionId } from '../../delegation/session_id.js';
import type { Service } from '../../services/service.js';
import type { Log } from '../log.js';
import { Watch, whyOf } from './service_timeout.js';

/** Tells every service that a session is over; one that fails is no matter of the others, or of the session. */
export function tellClosed(services: readonly Service[], sessionId: SessionId, log: Log): void {
  for (const service of services) {
    if (service.sessionClosed === undefined) continue;
    (async () => service.sessionClosed!(sessionId))().catch((error) => {
      log.warn({ session: sessionId, service: service.name, why: whyOf(error) }, 'service failed to forget');
    });
  }
}

/** Lets services go of what they hold, for so long at most. */
export async function closeServices(
  services: readonly Service[],
  milliseconds: number,
  log: Log,
): Promise<void> {
  const closing = services.map(async (service) => {
    const watch = new Watch(milliseconds);
    try {
      await watch.guard((async () => service.close?.())());
    } catch (error) {
      log.warn({ service: service.name, why: whyOf(error) }, 'service failed to close');
    }
  });
  await Promise.all(closing);
}
