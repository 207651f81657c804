import { describe, expect, test } from 'vitest';
import type { Socket } from '../../../boards/common/native.js';
import { Sockets } from '../../../boards/common/sockets.js';

/** A board's socket of which the test decides everything. */
class FakeSocket implements Socket {
  open = false;
  error: Error | undefined;
  incoming: (Uint8Array | null)[] = [];
  sent: number[] = [];
  room = 0;
  closed = 0;

  connected(): boolean {
    if (this.error) throw this.error;
    return this.open;
  }

  receive(): Uint8Array | undefined | null {
    if (this.error) throw this.error;
    return this.incoming.shift();
  }

  send(bytes: Uint8Array): number {
    if (this.error) throw this.error;
    const taken = Math.min(this.room, bytes.length);
    this.sent.push(...bytes.subarray(0, taken));
    this.room -= taken;
    return taken;
  }

  close(): void {
    this.closed++;
  }
}

async function opened() {
  const socket = new FakeSocket();
  const sockets = new Sockets({ connect: () => socket });
  const connecting = sockets.connect('host', 1);
  sockets.poll();
  socket.open = true;
  sockets.poll();
  return { socket, sockets, transport: await connecting };
}

describe("a board's socket as a transport", () => {
  test('opens when the board says so, and not before', async () => {
    const socket = new FakeSocket();
    const sockets = new Sockets({ connect: () => socket });
    let isOpen = false;
    const connecting = sockets.connect('host', 1).then(() => {
      isOpen = true;
    });
    sockets.poll();
    await Promise.resolve();
    expect(isOpen).toBe(false);
    socket.open = true;
    sockets.poll();
    await connecting;
  });

  test('rejects what can not be opened, and lets the socket go', async () => {
    const socket = new FakeSocket();
    const sockets = new Sockets({ connect: () => socket });
    const connecting = sockets.connect('host', 1);
    socket.error = new Error('no route');
    sockets.poll();
    await expect(connecting).rejects.toThrow('no route');
    expect([socket.closed, sockets.size]).toEqual([1, 0]);
  });

  test('gives up opening when its signal fires', async () => {
    const socket = new FakeSocket();
    const sockets = new Sockets({ connect: () => socket });
    const abort = new AbortController();
    const connecting = sockets.connect('host', 1, abort.signal);
    abort.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    expect([socket.closed, sockets.size]).toEqual([1, 0]);
  });

  test('reads what comes, then the end', async () => {
    const { socket, sockets, transport } = await opened();
    socket.incoming = [Uint8Array.of(1, 2)];
    expect(await transport.read()).toEqual(Uint8Array.of(1, 2));
    const later = transport.read();
    sockets.poll();
    socket.incoming = [Uint8Array.of(3), null];
    sockets.poll();
    expect(await later).toEqual(Uint8Array.of(3));
    expect(await transport.read()).toBeUndefined();
  });

  test('sends in order, as far as there is room, from a copy of its own', async () => {
    const { socket, sockets, transport } = await opened();
    socket.room = 3;
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    let done = 0;
    const writes = [transport.write(bytes), transport.write(Uint8Array.of(6))].map((write) =>
      write.then(() => done++),
    );
    bytes.fill(0);
    await Promise.resolve();
    expect([socket.sent, done]).toEqual([[1, 2, 3], 0]);
    socket.room = 1;
    sockets.poll();
    socket.room = 9;
    sockets.poll();
    await Promise.all(writes);
    expect(socket.sent).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('closes after what is queued, and ends a read that waits', async () => {
    const { socket, sockets, transport } = await opened();
    const write = transport.write(Uint8Array.of(7));
    const read = transport.read();
    transport.close();
    expect(await read).toBeUndefined();
    expect([socket.closed, sockets.size]).toEqual([0, 1]);
    socket.room = 1;
    sockets.poll();
    await write;
    expect([socket.closed, sockets.size]).toEqual([1, 0]);
    await expect(transport.write(Uint8Array.of(8))).rejects.toThrow('the connection is closed');
    transport.close();
    expect(socket.closed).toBe(1);
  });

  test('fails all that waits when the connection breaks', async () => {
    const { socket, sockets, transport } = await opened();
    const waiting = [transport.read(), transport.write(Uint8Array.of(1))];
    const failures = waiting.map((promise) => promise.catch((error: Error) => error.message));
    socket.error = new Error('reset');
    sockets.poll();
    expect(await Promise.all(failures)).toEqual(['reset', 'reset']);
    expect([socket.closed, sockets.size]).toEqual([1, 0]);
  });
});
