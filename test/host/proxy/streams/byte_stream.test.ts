// Streams that are read by pulling, and what looks ahead in them.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { SocketStream } from '../../../../host/proxy/streams/byte_stream.js';
import { INTERRUPTED, ReadAhead } from '../../../../host/proxy/streams/read_ahead.js';

/** A Duplex that keeps each write apart. */
function recorder() {
  const writes: string[] = [];
  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      writes.push(chunk.toString());
      done();
    },
  });
  return { duplex, writes, stream: new SocketStream(duplex, 'CLIENT_GONE') };
}

async function pair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ];
  const close = () => {
    near.destroy();
    far.destroy();
    server.close();
  };
  return { near, far, close };
}

test('what is written in one go leaves in one piece, in order', async () => {
  const { stream, writes } = recorder();
  await stream.write(Buffer.from('head '));
  await stream.write(Buffer.from('body '));
  void stream.write(Buffer.from('end'));
  await stream.end();
  expect(writes).toEqual(['head body end']);
  expect(stream.sent).toBe(13);
});

test('what was written before it is dropped still leaves', async () => {
  const { stream, writes, duplex } = recorder();
  void stream.write(Buffer.from('an alert'));
  stream.destroy();
  await once(duplex, 'close');
  expect(writes).toEqual(['an alert']);
});

test('a writer goes on where the socket itself would take more ahead', async () => {
  const held: (() => void)[] = [];
  const duplex = new Duplex({
    writableHighWaterMark: 1 << 20,
    read() {},
    write: (_chunk, _, done) => void held.push(done),
  });
  const stream = new SocketStream(duplex, 'CLIENT_GONE');
  const room = stream.write(Buffer.alloc(100_000));
  await expect.poll(() => held.length).toBe(1);
  held.pop()!();
  await room;
});

test('a writer goes on, whether the kernel takes its bytes at once or later', async () => {
  const { near, far, close } = await pair();
  const stream = new SocketStream(near, 'ORIGIN_GONE');
  let received = 0;
  const total = 8 << 20;
  const all = new Promise<void>((resolve) => {
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received >= total) resolve();
    });
  });
  for (let sent = 0; sent < total; sent += 4096) await stream.write(Buffer.alloc(4096));
  await all;
  expect(received).toBe(total);
  close();
});

test('a writer waits for a peer that does not read, and hears of its end', async () => {
  const { near, far, close } = await pair();
  far.pause();
  const stream = new SocketStream(near, 'ORIGIN_GONE');
  let sent = 0;
  let failure: unknown;
  const writing = (async () => {
    for (;;) {
      await stream.write(Buffer.alloc(65_536));
      sent += 65_536;
    }
  })().catch((error) => {
    failure = error;
  });
  let before = -1;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(near.writableLength).toBeLessThan(4 * 65_536);
  far.resetAndDestroy();
  await writing;
  expect(failure).toMatchObject({ code: 'ORIGIN_GONE' });
  close();
});

test('bytes that are here are read without a wait, an end and a loss with one', async () => {
  const { stream, duplex } = recorder();
  const first = stream.read();
  duplex.push('one');
  expect(String(await first)).toBe('one');
  duplex.push('two');
  await new Promise((resolve) => setImmediate(resolve));
  expect(String(stream.readNow())).toBe('two');
  expect(stream.readNow()).toBeUndefined();
  const lost = stream.read();
  duplex.destroy();
  await expect(lost).rejects.toMatchObject({ code: 'CLIENT_GONE' });
  await expect(stream.read()).rejects.toMatchObject({ code: 'CLIENT_GONE' });
});

test('a failure found ahead stays, and its source is asked no more', async () => {
  let asked = 0;
  const ahead = new ReadAhead({
    read: () => Promise.reject(new Error('bad record')),
    readNow: () => {
      if (++asked === 2) throw new Error('bad record');
      return asked === 1 ? Buffer.from('good') : Buffer.from('what follows');
    },
  });
  expect(await ahead.fill()).toBe(true);
  await expect(ahead.fill()).rejects.toThrow('bad record');
  await expect(ahead.fill()).rejects.toThrow('bad record');
  expect(String(ahead.buffer)).toBe('good');
  expect(asked).toBe(2);
});

test('an interrupted reader loses no byte', async () => {
  let give: (bytes: Buffer) => void = () => {};
  const ahead = new ReadAhead({
    read: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  const waiting = ahead.fill();
  ahead.interrupt();
  expect(await waiting).toBe(INTERRUPTED);
  ahead.interrupt();
  give(Buffer.from('late'));
  expect(await ahead.fill()).toBe(INTERRUPTED);
  expect(await ahead.fill()).toBe(true);
  expect(String(ahead.take(9))).toBe('late');
});
