// Clients that break a TLS handshake off, or never end it, leave nothing behind.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, startProxy } from './bench.js';

let bench: Bench;
beforeAll(async () => {
  bench = await startProxy({ limits: { greetingTimeout: 600, firstByteTimeout: 300 } });
});
afterAll(() => bench.close());

/** A ClientHello as Node writes it. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tlsConnect({ port, host: '127.0.0.1', servername: 'localhost' });
  client.on('error', () => {});
  const [peer] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(peer, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return hello;
}

async function open(): Promise<Socket> {
  const socket = connect(bench.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const nothing = () => {};
test.each<[string, (socket: Socket, hello: Buffer) => unknown]>([
  ['says nothing', nothing],
  ['says half a ClientHello', (socket, hello) => socket.write(hello.subarray(0, 100))],
  ['says a ClientHello and waits', (socket, hello) => socket.write(hello)],
  ['ends before its ClientHello', (socket) => socket.end()],
  ['ends within it', (socket, hello) => socket.end(hello.subarray(0, 100))],
  ['ends after it', (socket, hello) => socket.end(hello)],
  ['resets before it', (socket) => socket.resetAndDestroy()],
  ['resets after it', (socket, hello) => socket.write(hello, () => socket.resetAndDestroy())],
  [
    'resets once it is answered',
    (socket, hello) => {
      socket.write(hello);
      socket.once('data', () => socket.resetAndDestroy());
    },
  ],
])('a client that %s', async (_, act) => {
  const hello = await clientHello();
  const before = bench.proxy.connectionCount;
  const sockets = await Promise.all(Array.from({ length: 20 }, open));
  await expect.poll(() => bench.proxy.connectionCount, { interval: 5 }).toBeGreaterThan(before);
  for (const socket of sockets) act(socket, hello);
  await expect.poll(() => bench.proxy.connectionCount, { timeout: 5000 }).toBe(before);
  for (const socket of sockets) socket.destroy();
});
