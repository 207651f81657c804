// A real HTTPS origin, a proxy with a cache, and Deputy's own clients that admit it.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authority, createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { DeputyClient, type DeviceProfile, HANDHELD, type RequestOptions } from '../../../../host/index.js';
import { createProxy } from '../../../../host/proxy/proxy.js';
import { type CacheOptions, cache } from '../../../../host/services/cache/index.js';
import { MemoryStore } from '../../../../host/services/cache/stores/memory.js';
import type { Service } from '../../../../host/services/service.js';

const NAME = 'cached.test';
export const LIMITS = { bytes: 8 << 20, entries: 1000 };

/** What the origin does with its nth request (from 1). */
export type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void;

export interface WorldOptions {
  cache?: Partial<CacheOptions>;
  /** Before the cache. */
  services?: Service[];
  authority?: Authority;
}

export interface Reply {
  status: number;
  headers: Map<string, string>;
  text: string;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

const token = (name: string) => `token-of-${name}-client`;

export async function startWorld(handler: Handler, options: WorldOptions = {}) {
  const authority = options.authority ?? (await createAuthority());
  const issued = await authority.issue({ names: [NAME, 'localhost', '127.0.0.1'] });
  const requests: IncomingMessage[] = [];
  const origin = createServer({ cert: issued.chainPem, key: issued.keyPem }, (request, response) => {
    handler(request, response, requests.push(request));
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const originPort = (origin.address() as AddressInfo).port;
  const admission = {
    tls: { certificate: issued.chainPem, key: issued.keyPem },
    tokens: ['ann', 'bob'].map((name) => ({ name, token: token(name) })),
  };
  const proxy = createProxy({
    ...admission,
    originRoots: authority.root.pem,
    targets: { allow: ['127.0.0.0/8'], addresses: { [NAME]: '127.0.0.1' }, ports: 'any' },
    services: [
      ...(options.services ?? []),
      cache({ store: new MemoryStore(LIMITS), byDevice: false, ...options.cache }),
    ],
  });
  const { port } = await proxy.listen(0);
  const clients: DeputyClient[] = [];
  const clientOf = (name: string, profile: DeviceProfile = HANDHELD) => {
    const client = new DeputyClient({
      engine: 'v8',
      proxy: { host: '127.0.0.1', port, roots: authority.root.pem, token: token(name) },
      roots: authority.root.pem,
      policy: { rules: [{ origin: NAME, decision: 'session' }] },
      profile,
    });
    clients.push(client);
    return asker(client, `https://${NAME}:${originPort}`);
  };
  return {
    authority,
    requests,
    origin,
    /** Gives the origin another certificate; connections that stand keep theirs. */
    async changeCertificate() {
      const other = await authority.issue({ names: [NAME] });
      origin.setSecureContext({ cert: other.chainPem, key: other.keyPem });
    },
    /** Goes by other roots. */
    judgeBy(originRoots: string) {
      proxy.renew({ ...admission, originRoots });
    },
    clientOf,
    ann: clientOf('ann'),
    bob: clientOf('bob'),
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await proxy.close();
      origin.closeAllConnections();
      origin.close();
    },
  };
}

type Headers = Readonly<Record<string, string>>;

function asker(client: DeputyClient, base: string) {
  return async (path: string, headers: Headers = {}, options: RequestOptions = {}): Promise<Reply> => {
    const response = await client.request(base + path, {
      redirect: 'manual',
      ...options,
      headers: Object.entries(headers),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return {
      status: response.status,
      headers: new Map(response.headers),
      text: Buffer.concat(chunks).toString(),
    };
  };
}

/** An origin that gives every request the same headers and its number as content. */
export const numbered =
  (headers: Readonly<Record<string, string>>): Handler =>
  (_, response, n) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', ...headers });
    response.end(`answer ${n}`);
  };

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
