// The bytes of streams leave while the socket has room, whatever mark of its own it has.
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { StreamFrameType } from '../../../../host/delegation/frame.js';
import type { Stream } from '../../../../host/delegation/streams/stream.js';
import { MessageSender } from '../../../../host/proxy/main_session/message_sender.js';

const credit = (stream: number, bytes: number) => {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, bytes);
  return { type: StreamFrameType.Credit, stream, body } as const;
};

// Node.js 20 has 16 KiB, later releases 64.
for (const writableHighWaterMark of [1024, 16_384, 65_536, 1 << 20]) {
  test(`a long body leaves whole over a socket that takes ${writableHighWaterMark} bytes ahead`, async () => {
    let left = 0;
    const socket = new Duplex({
      writableHighWaterMark,
      read() {},
      write(chunk: Buffer, _, done) {
        left += chunk.length;
        setImmediate(done);
      },
    });
    const opened: Stream[] = [];
    const sender = new MessageSender(socket as TLSSocket, 1 << 20, (stream) => opened.push(stream));
    sender.streams.receive({ type: StreamFrameType.Data, stream: 1, body: new Uint8Array(1) });
    for (const stream of [0, 1]) sender.streams.receive(credit(stream, 4 << 20));
    for (let sent = 0; sent < 1 << 20; sent += 16_384) await opened[0]!.write(new Uint8Array(16_384));
    await expect.poll(() => left).toBeGreaterThan(1 << 20);
  });
}
