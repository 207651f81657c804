// A client's engine, once the device program is loaded, and what is reached with it.
import { DeputyError } from '../delegation/error.js';
import { TlsEngine } from '../engine/tls.js';
import type { Context } from './context.js';
import type { MainSession } from './delegation/main_session.js';
import { DeviceManager, keptRoots } from './management/device_manager.js';
import type { ClientOptions } from './options.js';
import { SessionOpener } from './sessions/session_opener.js';
import { KeptTickets } from './tls/kept_tickets.js';
import { OriginLink } from './tls/origin_link.js';
import { ProxyLink } from './tls/proxy_link.js';

export interface Running {
  context: Context;
  kept: KeptTickets;
  origins: OriginLink;
  proxy: ProxyLink | undefined;
  opener: SessionOpener;
  /** Undefined on a device that nobody manages. */
  manager: DeviceManager | undefined;
}

export interface RunningParts extends Pick<Context, 'observer' | 'timeouts'> {
  allowsUndelegated: boolean;
  mainSession: (
    running: Pick<Running, 'context' | 'origins' | 'manager'>,
    proxy: ProxyLink,
  ) => Promise<MainSession>;
}

const DEFAULT_CONDUITS = 'streams';

/** Throws PROGRAM_MISSING. */
export async function start(
  options: ClientOptions,
  { observer, timeouts, allowsUndelegated, mainSession }: RunningParts,
): Promise<Running> {
  const { platform, proxy } = options;
  const program = await platform.loadProgram().catch((error: unknown) => {
    const { message } = error as { message?: string };
    throw new DeputyError(
      'PROGRAM_MISSING',
      `the device program can't be loaded (${message}): npm run build:wasm`,
      { cause: error },
    );
  });
  const engine = new TlsEngine(program);
  const entropy = platform.entropy(48);
  engine.seed(entropy);
  entropy.fill(0);
  const { conduits = DEFAULT_CONDUITS } = options;
  // Without a hash nothing says which roots a ticket goes with.
  const kept = await KeptTickets.open(platform.sha256 && options.ticketStorage, platform);
  const { management } = options;
  let onTime = () => {};
  const known = new Promise<void>((resolve) => {
    onTime = resolve;
  });
  const builtAt = management?.builtAt;
  const isTimeless = builtAt !== undefined && platform.now() === 0 && platform.setTime !== undefined;
  const context: Context = {
    timeless: isTimeless ? { builtAt, known } : undefined,
    platform,
    engine,
    observer,
    timeouts,
    tickets: kept.store,
    conduits,
    traffic: { received: 0 },
  };
  const newer = management && platform.storage && keptRoots(platform.storage, options.roots);
  const roots = newer ?? options.roots;
  const origins = new OriginLink(context, { ...options, roots });
  const manager =
    management &&
    new DeviceManager({ engine, platform, options: management }, roots, {
      replaceRoots: (file) => origins.replaceRoots(file),
      forget: () => context.tickets.clear(),
      onTime,
    });
  const link = proxy && new ProxyLink(context, proxy);
  const opener = new SessionOpener({
    context,
    origins,
    proxy: link,
    mainSession: () => mainSession({ context, origins, manager }, link!),
    allowsUndelegated,
  });
  return { context, kept, origins, proxy: link, opener, manager };
}
