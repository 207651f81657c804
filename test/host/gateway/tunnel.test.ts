// CONNECT, where the browser does not wait.
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openTunnel } from '../../../host/gateway/tunnel.js';

test('a browser that leaves before the origin answers leaves no connection behind', async () => {
  const browser = new PassThrough();
  const origin = new Socket();
  const request = { url: 'www.example.com:443' } as IncomingMessage;
  await openTunnel(request, browser, Buffer.alloc(0), {
    async connect() {
      const closed = new Promise((resolve) => browser.once('close', resolve));
      browser.destroy();
      await closed;
      return origin;
    },
  });
  expect(origin.destroyed).toBe(true);
});
