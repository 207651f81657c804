// Two origins, a proxy that renders pages, and clients that admit what they admit.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadV8 } from '../../../../host/engine/v8.js';
import { DeputyClient, type DeviceProfile, HANDHELD, nodePlatform } from '../../../../host/index.js';
import { type RenderOptions, render } from '../../../../host/services/render/index.js';
import { transcode } from '../../../../host/services/transcode/index.js';
import { startProxy, TOKEN, testAuthority } from '../../proxy/bench.js';

export const CHROMIUM = '/usr/bin/chromium';
const program = new URL('../../../../build/client.wasm', import.meta.url);

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export async function startOrigin(handler: Handler) {
  const { issued } = await testAuthority();
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem }, async (request, response) => {
    requests.push(request);
    let body = '';
    for await (const chunk of request) body += chunk;
    handler(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { requests, port, url: `https://localhost:${port}`, close };
}

export type Origin = Awaited<ReturnType<typeof startOrigin>>;

export async function startRendering(options: Partial<RenderOptions> = {}) {
  const warnings: string[] = [];
  const log = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (fields: object, message: string) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  const service = render({
    executable: CHROMIUM,
    log: { warn: (message, fields = {}) => log.warn(fields, message) },
    ...options,
  });
  const bench = await startProxy({ services: [service, transcode()], log });
  const clients: DeputyClient[] = [];
  /** `denied`: ports of origins that its policy refuses. */
  const client = (denied: readonly number[] = [], profile: DeviceProfile = HANDHELD) => {
    const made = new DeputyClient({
      platform: { ...nodePlatform(), loadProgram: async () => loadV8(await readFile(program)) },
      roots: bench.ca,
      proxy: { host: 'localhost', port: bench.port, roots: bench.ca, token: TOKEN },
      policy: {
        rules: [
          ...denied.flatMap((port) =>
            ['localhost', '127.0.0.1'].map((host) => ({
              origin: `${host}:${port}`,
              decision: 'deny' as const,
            })),
          ),
          { origin: '*', decision: 'session' as const },
        ],
      },
      profile,
    });
    clients.push(made);
    return async (url: string, headers: [string, string][] = []) => {
      const response = await made.request(url, { headers: [['Accept-Encoding', 'identity'], ...headers] });
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk.slice());
      return Buffer.concat(chunks).toString();
    };
  };
  const close = async () => {
    await Promise.all(clients.map((each) => each.close()));
    await bench.close();
  };
  return { service, warnings, client, close };
}

export type Rendering = Awaited<ReturnType<typeof startRendering>>;
