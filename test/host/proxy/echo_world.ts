// A proxy, and an origin that answers with the address it was asked for, as long as the tests of a file run.
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { type Bench, startProxy } from './bench.js';

export interface EchoWorld {
  /** Both are there once the tests run. */
  bench: Bench;
  target: string;
}

export function echoWorld(): EchoWorld {
  const world = {} as EchoWorld;
  let origin: Server;
  beforeAll(async () => {
    world.bench = await startProxy();
    const { chainPem: cert, keyPem: key } = world.bench.issued;
    origin = createServer({ cert, key }, (request, response) => {
      response.end(`you asked for ${request.url}\n`);
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    world.target = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    origin.close();
    origin.closeAllConnections();
    await world.bench.close();
  });
  return world;
}
