// Streams as data: two ends without sockets, and frames that a lying peer could send.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeFrame,
  encodeStreamFrame,
  FrameDecoder,
  FrameType,
  isStreamFrame,
  STREAM_BODY_LIMIT,
  type StreamFrame,
  StreamFrameType,
} from '../../../../host/delegation/frame.js';
import { NULL_SESSION_ID } from '../../../../host/delegation/session_id.js';
import { Multiplexer } from '../../../../host/delegation/streams/multiplexer.js';
import type { Stream } from '../../../../host/delegation/streams/stream.js';
import { CREDIT_FLOOR } from '../../../../host/delegation/streams/window.js';
import { codeOf } from '../refusal.js';

const bytes = (length: number, value = 7) => new Uint8Array(length).fill(value);

/** One end, with the frames that it wants to send. */
class End {
  readonly opened: Stream[] = [];
  readonly streams: Multiplexer;
  readonly #decoder = new FrameDecoder();
  readonly control: number[] = [];

  constructor(role: 'client' | 'proxy', options: { streams?: number; windowLimit?: number } = {}) {
    this.streams = new Multiplexer({
      ...options,
      ...(role === 'proxy' && { onStream: (stream: Stream) => void this.opened.push(stream) }),
      onPending: () => {},
      now: () => 0,
    });
  }

  receive(piece: Uint8Array): void {
    for (const frame of this.#decoder.push(piece)) {
      if (isStreamFrame(frame)) this.streams.receive(frame);
      else this.control.push(frame.type);
    }
  }

  /** What goes out, as frames. */
  sent(): (StreamFrame | FrameType)[] {
    const decoder = new FrameDecoder();
    const frames: (StreamFrame | FrameType)[] = [];
    for (let piece = this.streams.take(); piece !== undefined; piece = this.streams.take())
      frames.push(...decoder.push(piece).map((frame) => (isStreamFrame(frame) ? frame : frame.type)));
    return frames;
  }

  /** RESETs that go out: their stream and code. */
  resets(): [number, string][] {
    return this.sent()
      .filter((frame): frame is StreamFrame => typeof frame !== 'number')
      .filter(({ type }) => type === StreamFrameType.Reset)
      .map(({ stream, body }) => [stream, Buffer.from(body.subarray(1)).toString()]);
  }

  data(stream: number, body: Uint8Array): void {
    this.streams.receive({ type: StreamFrameType.Data, stream, body });
  }
}

/** Moves all that can be moved between two ends. */
function exchange(one: End, other: End): void {
  for (;;) {
    const there = one.streams.take();
    if (there !== undefined) other.receive(there);
    const back = other.streams.take();
    if (back !== undefined) one.receive(back);
    if (there === undefined && back === undefined) return;
  }
}

const pair = () => [new End('client'), new End('proxy')] as const;
const active = () => encodeFrame({ type: FrameType.Active, sessionId: NULL_SESSION_ID, body: bytes(8) });

describe('between two honest ends', () => {
  test('bytes come in order on every stream, whatever their number and lengths, and end where they end', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(lengths, { minLength: 1, maxLength: 6 }), async (wishes) => {
        const [client, proxy] = pair();
        const reading: Promise<Buffer>[] = [];
        for (const [i, wish] of wishes.entries()) {
          const stream = client.streams.open();
          void stream.write(bytes(1, i));
          for (const length of wish) void stream.write(bytes(length, i)).catch(() => {});
          void stream.end();
        }
        exchange(client, proxy);
        for (const stream of proxy.opened) reading.push(readAll(stream));
        for (let turn = 0; turn < 200; turn++) {
          exchange(client, proxy);
          await Promise.resolve();
        }
        const came = await Promise.all(reading);
        expect(came.map((all) => all.length)).toEqual(
          wishes.map((wish) => 1 + wish.reduce((a, b) => a + b, 0)),
        );
        came.forEach((all, i) => {
          expect(all.every((byte) => byte === i)).toBe(true);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('no DATA is longer than 4 KiB, and a control frame overtakes what waits', () => {
    const [client] = pair();
    const stream = client.streams.open();
    void stream.write(bytes(16_000)).catch(() => {});
    client.receive(
      encodeStreamFrame({ type: StreamFrameType.Credit, stream: 0, body: Buffer.from([0, 1, 0, 0]) }),
    );
    const first = client.streams.take()!;
    client.streams.send(active());
    const rest = client.sent();
    expect(first.length).toBeLessThanOrEqual(STREAM_BODY_LIMIT + 8);
    expect(rest[0]).toBe(FrameType.Active);
    for (const frame of rest.slice(1))
      expect((frame as StreamFrame).body.length).toBeLessThanOrEqual(STREAM_BODY_LIMIT);
  });

  test('a mark keeps its place among the bytes of its stream and waits for no other', () => {
    const [client] = pair();
    const [one, other] = [client.streams.open(), client.streams.open()];
    // More than the connection has credit for.
    void one.write(bytes(6000)).catch(() => {});
    other.mark(active());
    void other.write(bytes(10)).catch(() => {});
    const frames = client.sent();
    expect(frames).toContain(FrameType.Active);
    one.mark(active());
    // Behind 6000 bytes, of which no more may go than there is credit for.
    expect(client.sent()).toEqual([]);
    client.receive(
      encodeStreamFrame({ type: StreamFrameType.Credit, stream: 0, body: Buffer.from([0, 0, 64, 0]) }),
    );
    const rest = client.sent();
    expect(rest.map((frame) => (typeof frame === 'number' ? frame : frame.body.length))).toEqual([
      6000 - CREDIT_FLOOR,
      10,
      FrameType.Active,
    ]);
  });

  test('what comes behind a mark is read after it alone, and unread bytes before it are seen', async () => {
    const [client, proxy] = pair();
    const stream = client.streams.open();
    void stream.write(bytes(5, 1));
    exchange(client, proxy);
    const [conduit] = proxy.opened;
    conduit!.hold();
    void stream.write(bytes(6, 2));
    exchange(client, proxy);
    expect(conduit!.pass()).toBe(false);
    expect(await conduit!.read()).toEqual(bytes(5, 1));
    expect(conduit!.readNow()).toBeUndefined();
    const reading = conduit!.read();
    expect(conduit!.pass()).toBe(true);
    expect(await reading).toEqual(bytes(6, 2));
  });

  test('each direction ends by itself', async () => {
    const [client, proxy] = pair();
    const stream = client.streams.open();
    void stream.write(bytes(3));
    void stream.end();
    exchange(client, proxy);
    const [conduit] = proxy.opened;
    expect(await readAll(conduit!)).toEqual(Buffer.from(bytes(3)));
    void conduit!.write(bytes(9));
    void conduit!.end();
    exchange(client, proxy);
    expect(await readAll(stream)).toEqual(Buffer.from(bytes(9)));
    expect([client.streams.size, proxy.streams.size]).toEqual([0, 0]);
  });

  test('a stream that nobody reads holds back its own writer, and no other stream', async () => {
    const [client, proxy] = pair();
    const [slow, quick] = [client.streams.open(), client.streams.open()];
    void slow.write(bytes(100_000)).catch(() => {});
    void quick.write(bytes(50_000, 2)).catch(() => {});
    void quick.end();
    exchange(client, proxy);
    const [unread, read] = proxy.opened;
    const reading = readAll(read!);
    for (let turn = 0; turn < 100; turn++) {
      exchange(client, proxy);
      await Promise.resolve();
    }
    expect((await reading).length).toBe(50_000);
    expect(unread!.received).toBe(16_384);
  });

  test('RESET breaks off what is under way, with its code, and marks that waited still go', async () => {
    const [client, proxy] = pair();
    const stream = client.streams.open();
    void stream.write(bytes(20_000)).catch(() => {});
    exchange(client, proxy);
    stream.mark(active());
    stream.reset('CLOSED');
    exchange(client, proxy);
    const [conduit] = proxy.opened;
    while (conduit!.readNow() !== undefined);
    await expect(conduit!.read()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(proxy.control).toEqual([FrameType.Active]);
    expect([client.streams.size, proxy.streams.size]).toEqual([0, 0]);
  });

  test('an end that reads no more refuses what still comes', () => {
    const [client, proxy] = pair();
    const stream = client.streams.open();
    void stream.write(bytes(1));
    exchange(client, proxy);
    stream.close();
    exchange(client, proxy);
    void proxy.opened[0]!.write(bytes(50)).catch(() => {});
    exchange(client, proxy);
    expect([client.streams.size, proxy.streams.size]).toEqual([0, 0]);
  });

  test('the loss of the connection is the reason on every stream', async () => {
    const [client] = pair();
    const stream = client.streams.open();
    const reading = stream.read();
    const writing = stream.write(bytes(20_000));
    client.streams.lose(Object.assign(new Error('gone'), { code: 'PROXY_CLOSED' }) as never);
    await expect(reading).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
    await expect(writing).rejects.toMatchObject({ code: 'PROXY_CLOSED' });
    expect(() => client.streams.open()).toThrow('gone');
  });
});

describe('a peer that lies', () => {
  test('with more bytes than a stream has credit for loses that stream alone', async () => {
    const proxy = new End('proxy');
    proxy.data(1, bytes(2048));
    for (let i = 0; i < 8; i++) proxy.data(2, bytes(2048));
    expect(proxy.resets()).toEqual([]);
    proxy.data(2, bytes(1));
    expect(proxy.resets()).toEqual([[2, 'STREAM_CREDIT']]);
    expect(await proxy.opened[0]!.read()).toEqual(bytes(2048));
    await expect(readAll(proxy.opened[1]!)).rejects.toMatchObject({ code: 'STREAM_CREDIT' });
  });

  test('with more than the connection has credit for ends the connection', () => {
    const client = new End('client');
    const stream = client.streams.open();
    // Credit for the connection is given back as bytes come: only what comes at once can exceed it.
    expect(codeOf(() => client.data(stream.number, bytes(4097)))).toBe('STREAM_CREDIT');
  });

  test.each([
    ['bytes', StreamFrameType.Data, bytes(3)],
    ['another end', StreamFrameType.End, bytes(0)],
  ])('with %s behind the end loses the stream', (_, type, body) => {
    const proxy = new End('proxy');
    proxy.data(1, bytes(10));
    proxy.streams.receive({ type: StreamFrameType.End, stream: 1, body: bytes(0) });
    proxy.streams.receive({ type, stream: 1, body });
    expect(proxy.resets()).toEqual([[1, 'STREAM_CLOSED']]);
  });

  test('with credit beyond all measure loses the stream, or the connection where it was for that', () => {
    const proxy = new End('proxy');
    proxy.data(1, bytes(10));
    const body = bytes(4, 0xff);
    proxy.streams.receive({ type: StreamFrameType.Credit, stream: 1, body });
    expect(proxy.resets()).toEqual([[1, 'STREAM_CREDIT']]);
    expect(codeOf(() => proxy.streams.receive({ type: StreamFrameType.Credit, stream: 0, body }))).toBe(
      'STREAM_CREDIT',
    );
  });

  test('about streams that are over, or never were, reaches nobody', () => {
    const [client, proxy] = pair();
    proxy.data(5, bytes(1));
    proxy.opened[0]!.reset('CLOSED');
    proxy.sent();
    for (const stream of [5, 3, 1]) proxy.data(stream, bytes(1));
    for (const type of [StreamFrameType.End, StreamFrameType.Reset])
      proxy.streams.receive({
        type,
        stream: 900,
        body: type === StreamFrameType.End ? bytes(0) : reset('CLOSED'),
      });
    expect(proxy.opened.length).toBe(1);
    expect(proxy.resets()).toEqual([]);
    // A proxy opens none.
    client.data(1, bytes(1));
    expect(client.resets()).toEqual([[1, 'STREAM_UNKNOWN']]);
  });

  test('with thousands of streams gets those that are allowed', () => {
    const proxy = new End('proxy', { streams: 16 });
    for (let stream = 1; stream <= 5000; stream++) proxy.data(stream, bytes(1));
    expect(proxy.opened.length).toBe(16);
    expect(proxy.streams.size).toBe(16);
    expect(new Set(proxy.resets().map(([, code]) => code))).toEqual(new Set(['STREAM_LIMIT']));
  });

  test('with single bytes costs no more memory than one with many', () => {
    const proxy = new End('proxy');
    for (let i = 0; i < 16_384; i++) proxy.data(1, bytes(1, i));
    let pieces = 0;
    while (proxy.opened[0]!.readNow() !== undefined) pieces++;
    expect(pieces).toBeLessThanOrEqual(64);
  });

  test.each<[string, StreamFrame]>([
    ['DATA without bytes', { type: StreamFrameType.Data, stream: 1, body: bytes(0) }],
    ['DATA for the connection', { type: StreamFrameType.Data, stream: 0, body: bytes(1) }],
    ['END with bytes', { type: StreamFrameType.End, stream: 1, body: bytes(1) }],
    ['CREDIT of three bytes', { type: StreamFrameType.Credit, stream: 1, body: bytes(3) }],
    [
      'RESET of a known stream with a bad code',
      { type: StreamFrameType.Reset, stream: 1, body: reset('no code') },
    ],
    [
      'RESET of a known stream with a bad length',
      { type: StreamFrameType.Reset, stream: 1, body: bytes(4, 9) },
    ],
  ])('with %s breaks the protocol', (_, frame) => {
    const proxy = new End('proxy');
    proxy.data(1, bytes(1));
    expect(codeOf(() => proxy.streams.receive(frame))).toBe('FRAME_BAD_FIELD');
  });
});

function reset(code: string): Uint8Array {
  return Buffer.concat([Buffer.from([code.length]), Buffer.from(code)]);
}

async function readAll(stream: Stream): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let piece = await stream.read(); piece !== undefined; piece = await stream.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}
