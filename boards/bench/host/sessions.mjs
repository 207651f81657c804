// What a session costs: handshakes a second and the time to the first byte, direct and delegated, on each engine.
import { built, loopback } from './world.mjs';

const ROUNDS = 20;

/** Rows of `{ engine, way, handshakesPerSecond, firstByteMilliseconds, memoryBytes }`. */
export async function measureSessions(world, engines, step) {
  const { DeputyClient, nodePlatform } = await built('host/index.js');
  const proxy = await world.proxy([]);
  const rows = [];
  for (const engine of engines) {
    for (const way of ['direct', 'delegated']) {
      step(`sessions, ${way}, ${engine}`);
      const options = {
        engine,
        platform: loopback(nodePlatform({ engine })),
        roots: world.authority.root.pem,
        ...(way === 'delegated' && {
          platform: nodePlatform({ engine }),
          proxy: { host: proxy.host, port: proxy.port, roots: proxy.roots, token: proxy.token },
          policy: { rules: [{ origin: '*', decision: 'session' }] },
        }),
      };
      rows.push({ way, ...(await measure(DeputyClient, options, world.url('/small'))) });
    }
  }
  return rows;
}

async function measure(DeputyClient, options, url) {
  const times = [];
  let handshakes = 0;
  let memoryBytes = 0;
  let kind;
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const observer = {
      onStep({ step }) {
        if (step === 'origin-verified') handshakes++;
      },
    };
    const client = new DeputyClient({ ...options, observer });
    const started = performance.now();
    const response = await client.fetch(url);
    const reader = response.body.getReader();
    await reader.read();
    times.push(performance.now() - started);
    while (!(await reader.read()).done);
    const engine = await client.engine();
    memoryBytes = Math.max(memoryBytes, engine.memoryBytes);
    kind = engine.kind;
    await client.close();
  }
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  return {
    engine: kind,
    handshakesPerSecond: handshakes / seconds,
    firstByteMilliseconds: times[times.length >> 1],
    memoryBytes,
  };
}
