// What a session costs: handshakes a second and the time to the first byte, direct and delegated, on each engine.
import type { Program } from '../../../host/engine/program.js';
import type { ClientOptions, DeputyClient } from '../../../host/index.js';
import { built, loopback, type World } from './world.js';

const ROUNDS = 20;

export interface SessionRow {
  readonly engine: string;
  readonly way: string;
  readonly handshakesPerSecond: number;
  readonly firstByteMilliseconds: number;
  readonly memoryBytes: number;
}

export async function measureSessions(
  world: World,
  engines: readonly Program['engine'][],
  step: (name: string) => void,
): Promise<SessionRow[]> {
  const { DeputyClient, nodePlatform } = await built('host/index.js');
  const proxy = await world.proxy([]);
  const rows: SessionRow[] = [];
  for (const engine of engines) {
    for (const way of ['direct', 'delegated']) {
      step(`sessions, ${way}, ${engine}`);
      const options: ClientOptions = {
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

async function measure(Client: typeof DeputyClient, options: ClientOptions, url: string) {
  const times: number[] = [];
  let handshakes = 0;
  let memoryBytes = 0;
  let kind = '';
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const observer = {
      onStep({ step }: { step: string }) {
        if (step === 'origin-verified') handshakes++;
      },
    };
    const client = new Client({ ...options, observer });
    const started = performance.now();
    const response = await client.fetch(url);
    const reader = response.body!.getReader();
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
    firstByteMilliseconds: times[times.length >> 1]!,
    memoryBytes,
  };
}
