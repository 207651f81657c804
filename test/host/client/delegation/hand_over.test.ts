// The change from the device's records to the proxy's, at whatever moment it falls.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world.js';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

/** A server that speaks first: its answer comes `wait` milliseconds after the handshake, whatever is asked. */
async function eager(wait: number, version: 'TLSv1.2' | 'TLSv1.3') {
  const issued = await world.authority.issue({ names: ['localhost'] });
  const server = createServer(
    { cert: issued.chainPem, key: issued.keyPem, minVersion: version, maxVersion: version },
    async (socket) => {
      socket.on('error', () => {});
      await delay(wait);
      const body = 'early bird, '.repeat(50);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      for (const piece of body.match(/.{1,100}/g)!) socket.write(piece);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  world.onClose(() => server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('bytes of an origin of %s that speaks first', (version) => {
  test.each([0, 1, 2, 3, 5, 8, 13, 40])(
    'are neither lost nor doubled, sent %i ms after the handshake',
    async (wait) => {
      const url = await eager(wait, version);
      const client = world.through(await world.proxy());
      const response = await client.request(url);
      let text = '';
      for await (const chunk of response.body) text += Buffer.from(chunk).toString();
      expect(text).toBe('early bird, '.repeat(50));
      expect(response.session.delegated).toBe(true);
    },
  );
});
