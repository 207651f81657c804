// What the client's tests share: an authority, HTTPS origins of Node, and clients that trust them.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  type Authority,
  createAuthority,
  type IssueOptions,
} from '../../../host/cli/demo/authority/authority.js';
import { loadV8 } from '../../../host/engine/v8.js';
import {
  DeputyClient,
  type DeputyClientOptions,
  nodePlatform,
  type Observer,
  type Platform,
  type Step,
} from '../../../host/index.js';
import type { ProxyOptions } from '../../../host/proxy/options.js';
import { createProxy, type ProxyServer } from '../../../host/proxy/proxy.js';

export const clientWasm = process.env.DEPUTY_CLIENT ?? new URL('../../../build/client.wasm', import.meta.url);

/** Node's platform with the program under V8, and whatever a test wants changed. */
export const testPlatform = (changes: Partial<Platform> = {}): Platform => ({
  ...nodePlatform(),
  loadProgram: async () => loadV8(await readFile(clientWasm)),
  ...changes,
});

export interface TestOrigin {
  url: string;
  host: string;
  port: number;
  server: Server;
}

/** The project of vitest.config.ts that runs this. */
export const CONDUITS = process.env.DEPUTY_CONDUITS === 'separate' ? 'separate' : 'streams';

export const TOKEN = 'a-token-of-the-tests';

/** Collects the steps of a client. */
export class Steps implements Observer {
  readonly all: Step[] = [];

  onStep(step: Step): void {
    this.all.push(step);
  }

  /** The steps of one kind. */
  of<Kind extends Step['step']>(kind: Kind): Extract<Step, { step: Kind }>[] {
    return this.all.filter((step): step is Extract<Step, { step: Kind }> => step.step === kind);
  }

  /** Their names in order, frames left out. */
  get names(): string[] {
    return this.all.map(({ step }) => step).filter((name) => name !== 'frame');
  }
}

export interface TestProxy {
  server: ProxyServer;
  port: number;
}

/** Everything that a test opened, closed at its end. */
export class World {
  readonly #closers: (() => unknown)[] = [];

  private constructor(readonly authority: Authority) {}

  static async create(): Promise<World> {
    return new World(await createAuthority());
  }

  /** An HTTPS server on loopback, named localhost unless told. */
  async origin(
    listener: RequestListener,
    options: ServerOptions & { issue?: Partial<IssueOptions>; host?: string } = {},
  ): Promise<TestOrigin> {
    const { issue, host = 'localhost', ...rest } = options;
    const issued = await this.authority.issue({ names: [host, '127.0.0.1'], ...issue });
    const server = createServer({ key: issued.keyPem, cert: issued.chainPem, ...rest }, listener);
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.onClose(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: `https://${host}:${port}`, host, port, server };
  }

  /** A proxy on loopback that lets tunnels go to loopback. */
  async proxy(options: Partial<ProxyOptions> = {}): Promise<TestProxy> {
    const issued = await this.authority.issue({ names: ['localhost'] });
    const server = createProxy({
      tls: { certificate: issued.chainPem, key: issued.keyPem },
      tokens: [{ name: 'tests', token: TOKEN }],
      originRoots: this.authority.root.pem,
      targets: { allow: ['127.0.0.0/8', '::1'], ports: 'any' },
      ...options,
    });
    const { port } = await server.listen(0, '127.0.0.1');
    this.onClose(() => server.close());
    return { server, port };
  }

  /** A client that admits this proxy everywhere, with `session` unless told. */
  through(proxy: { port: number }, options: Partial<DeputyClientOptions> = {}): DeputyClient {
    return this.client({
      proxy: { host: 'localhost', port: proxy.port, roots: this.authority.root.pem, token: TOKEN },
      policy: { rules: [{ origin: '*', decision: 'session' }] },
      conduits: CONDUITS,
      ...options,
    });
  }

  client(options: Partial<DeputyClientOptions> = {}): DeputyClient {
    const client = new DeputyClient({
      roots: this.authority.root.pem,
      platform: testPlatform(),
      ...options,
    });
    this.onClose(() => client.close());
    return client;
  }

  onClose(closer: () => unknown): void {
    this.#closers.unshift(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0)) await closer();
  }
}
