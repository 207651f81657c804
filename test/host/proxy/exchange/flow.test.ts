// Back-pressure and vanishing peers on active sessions: what one side does not take, the other can not send.
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameType } from '../../../../host/delegation/frame.js';
import { type Bench, readBytes, readUntil, startProxy } from '../bench.js';
import { delegate, HELD_AT_MOST, type LegName, writeUntilHeld } from '../delegated.js';
import { rawOrigins } from '../raw_origins.js';

let bench: Bench;
const origin = rawOrigins();
beforeAll(async () => {
  bench = await startProxy();
});
afterAll(async () => {
  await bench.close();
});

describe.each(['open', 'mirror'] as LegName[])('over the %s leg', (leg) => {
  test('a client that does not read holds its origin back', async () => {
    let asked: (server: TLSSocket) => void = () => {};
    const request = new Promise<TLSSocket>((resolve) => {
      asked = resolve;
    });
    const { target } = await origin((socket) => socket.once('data', () => asked(socket)));
    const { stream, conduit } = await delegate(bench, target, leg);
    stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    const server = await request;
    server.write('HTTP/1.1 200 OK\r\n\r\n');
    expect(await writeUntilHeld(server)).toBeLessThan(HELD_AT_MOST);
    const drained = once(server, 'drain');
    stream.resume();
    await drained;
    conduit.destroy();
  });

  test('an origin that does not read holds its client back', async () => {
    const { target, connections } = await origin((socket) => {
      socket.once('data', () => socket.removeAllListeners('data').pause());
    });
    const { stream, conduit } = await delegate(bench, target, leg);
    stream.write('PUT / HTTP/1.1\r\nHost: o\r\nContent-Length: 1000000000\r\n\r\n');
    const sent = await writeUntilHeld(stream);
    expect(sent).toBeLessThan(HELD_AT_MOST);
    const drained = once(stream, 'drain');
    connections[0]!.resume();
    await drained;
    conduit.destroy();
  });

  test('a client that vanishes while it is answered lets the origin go', async () => {
    const { target, connections } = await origin((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
    });
    const { stream, conduit } = await delegate(bench, target, leg);
    stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    await readUntil(stream, 'half');
    const closed = once(connections[0]!, 'close');
    conduit.destroy();
    await closed;
  });

  test('sixteen megabytes arrive whole, by record sizes of every kind', async () => {
    const sizes = [1, 5, 16_383, 16_384, 16_385, 100_000, 1_000_000, 3_000_000, 11_860_000];
    const body = Buffer.concat(sizes.map((size, i) => Buffer.alloc(size, i + 1)));
    const { target } = await origin((socket) => {
      socket.once('data', async () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        for (let at = 0, i = 0; at < body.length; at += sizes[i++]!) {
          if (!socket.write(body.subarray(at, at + sizes[i]!))) await once(socket, 'drain');
        }
      });
    });
    const { stream, conduit, main } = await delegate(bench, target, leg);
    stream.write('GET / HTTP/1.1\r\nHost: o\r\n\r\n');
    await readUntil(stream, '\r\n\r\n').then((text) =>
      stream.unshift(Buffer.from(text.split('\r\n\r\n')[1]!, 'latin1')),
    );
    expect((await readBytes(stream, body.length)).equals(body)).toBe(true);
    expect(await main.wait(FrameType.Receipt)).toMatchObject({
      bytesBefore: body.length,
      bytesAfter: body.length,
    });
    conduit.destroy();
  });
});
