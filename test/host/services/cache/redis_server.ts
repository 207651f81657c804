// A real Redis server on loopback, which can be killed and started again on the same port.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { RedisStore } from '../../../../host/services/cache/stores/redis.js';

const BINARY = '/usr/bin/redis-server';
export const redisIsInstalled = existsSync(BINARY);

export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const server = new RedisServer(port);
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn(BINARY, settings, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    let said = '';
    for await (const text of child.stdout!) {
      said += text;
      if (said.includes('Ready to accept connections')) break;
    }
    child.stdout!.resume();
  }

  /** Takes no more part, and hangs up on nobody. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** As a crash would end it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** A store that has reached its server. */
export function connected(
  server: RedisServer,
  onState?: (state: 'ready' | 'lost') => void,
): Promise<RedisStore> {
  return new Promise((resolve) => {
    const store = new RedisStore({
      url: server.url,
      onState: (state) => {
        onState?.(state);
        if (state === 'ready') resolve(store);
      },
    });
  });
}
