// Where clients are sent: by their ticket, by their address, and by load, in this order.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { choose, type Destination, dispatcher } from '../../../host/workers/dispatcher.js';

const workers = (...connections: number[]): Destination[] =>
  connections.map((count, i) => ({
    number: i + 1,
    ticketName: randomBytes(16).toString('hex'),
    connections: count,
    serve() {},
  }));
const main = { ticketNames: [], protocols: ['deputy/2'] };
const keylog = { ticketNames: [], protocols: ['deputy/2', 'http/1.1'] };
const curl = { ticketNames: [], protocols: ['http/1.1'] };
const addresses = Array.from({ length: 300 }, (_, i) => `192.0.2.${i % 250}:${i}`);

describe('a client', () => {
  test('with a ticket goes where it was sealed, whatever the load', () => {
    const all = workers(1000, 0, 0);
    const name = (i: number) => Buffer.from(all[i]!.ticketName, 'hex');
    for (const protocols of [['http/1.1'], ['deputy/2'], []]) {
      expect(choose(all, { ticketNames: [name(0)], protocols }, 'x')).toBe(all[0]);
      // An old one may come first.
      expect(choose(all, { ticketNames: [randomBytes(16), name(2)], protocols }, 'x')).toBe(all[2]);
    }
  });

  test('that logs its keys goes where its deliveries go, whatever the load', () => {
    for (const address of addresses) {
      const all = workers(0, 5000, 30);
      expect(choose(all, curl, address)).toBe(choose(all, keylog, address));
      expect(choose(all, undefined, address)).toBe(choose(all, curl, address));
    }
  });

  test('that comes back finds its worker, unless that one has much to do', () => {
    for (const address of addresses) {
      const idle = choose(workers(0, 0, 0), main, address)!.number;
      expect(choose(workers(2, 2, 2), main, address)!.number).toBe(idle);
      const busy = workers(10, 10, 10).map((each) =>
        each.number === idle ? { ...each, connections: 20 } : each,
      );
      expect(choose(busy, main, address)!.number).not.toBe(idle);
    }
  });

  test('stays where it is when another worker dies', () => {
    const all = workers(0, 0, 0);
    const left = all.slice(0, 2);
    for (const address of addresses) {
      const before = choose(all, curl, address)!;
      if (before !== all[2]) expect(choose(left, curl, address)).toBe(before);
    }
  });
});

test('addresses are spread', () => {
  const counts = [0, 0, 0];
  const all = workers(0, 0, 0);
  for (const address of addresses) counts[choose(all, curl, address)!.number - 1]!++;
  for (const count of counts) expect(count).toBeGreaterThan(60);
});

test('where there is no worker, nobody is served', () => {
  expect(choose([], curl, 'x')).toBe(undefined);
});

describe('the port', () => {
  async function open(timeout = 5000) {
    const served: { socket: Socket; head: Buffer }[] = [];
    const [worker] = workers(0);
    const destination = {
      ...worker!,
      serve: (socket: Socket, head: Buffer) => served.push({ socket, head }),
    };
    const server = dispatcher({
      destinations: () => [destination],
      readsHello: true,
      timeout,
      firstByteTimeout: timeout,
      waiting: { total: 10, perAddress: 10 },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    return { served, server, socket };
  }

  test('waits no longer for a ClientHello than it must', async () => {
    const { served, server, socket } = await open(100);
    socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    await once(socket.resume(), 'close');
    expect(served).toEqual([]);
    server.close();
  });

  test('hands over every byte, however they come', async () => {
    const { served, server, socket } = await open();
    for (const text of ['1603', '0100', '0401', '000000']) {
      socket.write(Buffer.from(text, 'hex'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expect.poll(() => served.length).toBe(1);
    expect(served[0]!.head.toString('hex')).toBe('160301000401000000');
    served[0]!.socket.destroy();
    server.close();
  });
});
