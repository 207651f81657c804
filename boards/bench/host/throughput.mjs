// What a proxy process carries: a blind tunnel, an active session that passes content through, one that transcodes.
import { built } from './world.mjs';

/** Rows of `{ session, megabytes, MiBPerSecond, proxySecondsPerGiB }`. Bytes are the origin's, seconds its processor's. */
export async function measureThroughput(world, step) {
  const cases = [
    { session: 'blind tunnel', services: [], decision: 'deny', path: '/large' },
    { session: 'active, passed through', services: [], decision: 'session', path: '/large' },
    { session: 'active, transcoded', services: ['transcode'], decision: 'session', path: '/page' },
  ];
  const rows = [];
  for (const { session, services, decision, path } of cases) {
    step(`throughput, ${session}`);
    const proxy = await world.proxy(services);
    rows.push({ session, ...(await measure(world, proxy, decision, path)) });
    proxy.stop();
  }
  return rows;
}

async function measure(world, proxy, decision, path) {
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
    const fromOrigin = world.sizes[path];
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

async function drain(response) {
  for await (const _ of response.body);
}
