// What a proxy process carries: a blind tunnel, an active session that passes content through, one that transcodes.
import { built, type ProxyProcess, type World } from './world.js';

export interface ThroughputRow {
  readonly session: string;
  /** The origin's. */
  readonly bytes: number;
  readonly MiBPerSecond: number;
  /** Of the proxy's processor time. */
  readonly proxySecondsPerGiB: number;
}

export async function measureThroughput(
  world: World,
  step: (name: string) => void,
): Promise<ThroughputRow[]> {
  const cases = [
    { session: 'blind tunnel', services: [], decision: 'deny', path: '/large' },
    { session: 'active, passed through', services: [], decision: 'session', path: '/large' },
    { session: 'active, transcoded', services: ['transcode'], decision: 'session', path: '/page' },
  ] as const;
  const rows: ThroughputRow[] = [];
  for (const { session, services, decision, path } of cases) {
    step(`throughput, ${session}`);
    const proxy = await world.proxy(services);
    rows.push({ session, ...(await measure(world, proxy, decision, path)) });
    proxy.stop();
  }
  return rows;
}

async function measure(world: World, proxy: ProxyProcess, decision: 'deny' | 'session', path: string) {
  const { DeputyClient } = await built('host/index.js');
  const client = new DeputyClient({
    engine: 'v8',
    roots: world.authority.root.pem,
    proxy: { host: proxy.host, port: proxy.port, roots: proxy.roots, token: proxy.token },
    policy: { rules: [{ origin: '*', decision }], undelegated: 'tunnel' },
  });
  try {
    // Warms up: handshakes and compilation are not what is measured here.
    await drain(await client.fetch(world.url('/small')));
    const before = await proxy.seconds();
    const begun = performance.now();
    const fromOrigin = world.size(path);
    await drain(await client.fetch(world.url(path)));
    const seconds = (performance.now() - begun) / 1000;
    const processor = (await proxy.seconds()) - before;
    return {
      bytes: fromOrigin,
      MiBPerSecond: fromOrigin / 2 ** 20 / seconds,
      proxySecondsPerGiB: (processor * 2 ** 30) / fromOrigin,
    };
  } finally {
    await client.close();
  }
}

async function drain(response: Response): Promise<void> {
  for await (const _ of response.body!);
}
