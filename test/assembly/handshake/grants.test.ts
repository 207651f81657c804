import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ContentType, Flag, Grant } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import type { Device } from './device.js';
import { expandLabel } from './twin_schedule.js';
import type { Twin12 } from './twin12.js';
import { Twin13 } from './twin13.js';
import { paths, tableRows, Walk } from './walk.js';
import { join } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

let issued: Issued;
let root: Uint8Array;
beforeAll(async () => {
  const authority = await createAuthority({ keyType: 'ec-p256' });
  root = authority.root.der;
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

const keyAndIv = (secret: Buffer) =>
  join(expandLabel(secret, 'key', Buffer.alloc(0), 16), expandLabel(secret, 'iv', Buffer.alloc(0), 12));

describe.each(await programs('client'))('the grants on %s', (_, bench) => {
  const up = (state: State): Walk => {
    const path = paths(rows, state).find((way) => !way.some((row) => row.next === State.ExpectRequestOrDone));
    const whole = paths(rows, state).find((way) =>
      way.some(
        (row) => row.next === State.ExpectCertificateVerify || row.next === State.ExpectServerHelloDone,
      ),
    );
    return new Walk(bench, issued, { roots: [root] }, (whole ?? path)!).run();
  };
  const up13 = () => {
    const walk = up(State.Connected);
    return { walk, device: walk.device, twin: walk.twin as Twin13 };
  };
  const sealed = (twin: Twin13, text: string) =>
    twin.write.seal(ContentType.ApplicationData, Buffer.from(text));
  const withBytes = (bytes: Uint8Array, use: (pointer: number, length: number) => number) => {
    const pointer = bench.exports.allocate!(bytes.length);
    bench.program.memory().set(bytes, pointer);
    const result = use(pointer, bytes.length);
    bench.exports.release!(pointer, bytes.length);
    return result;
  };
  const importTicket = (device: Device, message: Uint8Array) =>
    withBytes(message, (p, n) => device.get('ticketImport', p, n, Math.floor(Date.now() / 1000)));
  /** The keys; behind them stands what opens the commitment to them. */
  const release = (device: Device) => Buffer.from(device.bytes('observedRelease', 256, 256)).subarray(0, -32);
  /** The same, and what their commitment is made over. */
  const opened = (device: Device) => {
    const released = Buffer.from(device.bytes('observedRelease', 256, 256));
    const keys = released.subarray(0, -32);
    return { keys, hash: createHash('sha256').update(released.subarray(-32)).update(keys).digest() };
  };

  test('observe commits to the keys of each epoch before it', () => {
    const { walk, device, twin } = up13();
    expect(() => device.commitment(0)).toThrow('WrongState');
    device.deliver(Grant.Observe);
    const commitments = [0, 1, 2].map((ahead) => Buffer.from(device.commitment(ahead)));
    expect(new Set(commitments.map((each) => each.toString('hex'))).size).toBe(3);
    expect(() => device.commitment(8)).toThrow('BadArgument');
    for (const commitment of commitments) {
      const keys = join(keyAndIv(twin.clientSecret), keyAndIv(twin.serverSecret));
      twin.receive(device.keyUpdate(true));
      device.feed(twin.keyUpdate(0));
      const released = opened(device);
      expect(released.keys).toEqual(keys);
      expect(released.hash).toEqual(commitment);
      device.deliver(Grant.Observe);
    }
    walk.free();
  });

  test('epoch gives key and IV of both directions, and no traffic secret', () => {
    const { walk, device, twin } = up13();
    expect(Buffer.from(device.deliver(Grant.Epoch))).toEqual(
      join(keyAndIv(twin.clientSecret), keyAndIv(twin.serverSecret)),
    );
    expect(() => device.write(Buffer.from('x'))).toThrow('no room');
    expect(() => device.keyUpdate(true)).toThrow('WrongState');
    expect(() => device.deliver(Grant.Session)).toThrow('AlreadyDelivered');
    expect(device.feed(sealed(twin, 'before the hand-over')).toString()).toBe('before the hand-over');
    walk.free();
  });

  test('an epoch that is taken back goes on under new keys, after the records of the other party', () => {
    const { walk, device, twin } = up13();
    twin.receive(device.write(Buffer.from('one')));
    device.deliver(Grant.Epoch);
    // The other party seals three records and opens two.
    twin.read.sequence += 3n;
    sealed(twin, 'opened there');
    sealed(twin, 'and there');
    const sent = device.get('recordsSent');
    expect(device.get('takeBack', 3, 2)).toBe(0);
    twin.receive(device.drain());
    expect(device.get('recordsSent')).toBe(sent + 4);
    expect(device.get('clientEpochStart')).toBe(sent + 4);
    twin.receive(device.write(Buffer.from(' two')));
    expect(twin.applicationData.toString()).toBe('one two');
    device.feed(twin.keyUpdate(0));
    expect(device.feed(sealed(twin, 'under new keys')).toString()).toBe('under new keys');
    walk.free();
  });

  test('nothing is believed that comes under keys which the other party had', () => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Epoch);
    device.get('takeBack', 0, 0);
    device.drain();
    expect(() => device.feed(sealed(twin, 'forged'))).toThrow('UnexpectedRecord');
    walk.free();
  });

  test.each([
    ['too few records written', 2, 0],
    ['too many', 4, 0],
  ])('a false count ends in a record that the server refuses: %s', (_case, written, read) => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Epoch);
    twin.read.sequence += 3n;
    device.get('takeBack', written, read);
    expect(() => twin.receive(device.drain())).toThrow();
    walk.free();
  });

  test('only an epoch is taken back, and within bounds', () => {
    const { walk, device } = up13();
    const wrongState = -20481;
    expect(device.get('takeBack', 0, 0)).toBe(wrongState);
    device.deliver(Grant.Epoch);
    expect(device.get('takeBack', 2 ** 25 + 1, 0)).toBe(-20484);
    expect(device.get('takeBack', 0, 2 ** 25 + 1)).toBe(-20484);
    expect(device.get('takeBack', 0, 0)).toBe(0);
    expect(device.get('takeBack', 0, 0)).toBe(wrongState);
    walk.free();
    const old = up(State.Established);
    expect(() => old.device.deliver(Grant.Epoch)).toThrow('GrantRefused');
    old.free();
  });

  test('a ticket that the other party received gives a session, also in a connection that is retired', () => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Resume);
    expect(importTicket(device, twin.ticket())).toBe(0);
    const before = Buffer.from(device.session()!);
    expect(before.includes(twin.ticketSecret())).toBe(true);
    expect(device.get('retire')).toBe(0);
    expect(importTicket(device, twin.ticket([], Buffer.from('second')))).toBe(0);
    const after = Buffer.from(device.session()!);
    expect(after.includes(Buffer.from('second'))).toBe(true);
    const memory = Buffer.from(bench.program.memory());
    expect(memory.includes(twin.serverSecret)).toBe(false);
    expect(memory.includes(twin.resumptionMaster)).toBe(true);
    expect(device.has(Flag.WantsInput)).toBe(false);
    expect(device.drain()).toHaveLength(0);
    walk.free();
    expect(Buffer.from(bench.program.memory()).includes(twin.resumptionMaster)).toBe(false);
  });

  test('a session delivered for an epoch that ends keeps nothing but what tickets need', () => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Epoch);
    expect(device.get('retire')).toBe(0);
    expect(device.get('takeBack', 0, 0)).toBe(-20481);
    const memory = Buffer.from(bench.program.memory());
    for (const secret of [twin.clientSecret, twin.serverSecret]) {
      expect(memory.includes(secret)).toBe(false);
      expect(memory.includes(keyAndIv(secret).subarray(0, 16))).toBe(false);
    }
    expect(importTicket(device, twin.ticket())).toBe(0);
    expect(Buffer.from(device.session()!).includes(twin.ticketSecret())).toBe(true);
    walk.free();
  });

  test('a ticket is imported whole, of TLS 1.3, into a session that is up', () => {
    const { walk, device, twin } = up13();
    const ticket = twin.ticket();
    expect(importTicket(device, ticket.subarray(0, 20))).toBe(-12800);
    expect(importTicket(device, twin.finished())).toBe(-12800);
    expect(device.get('retire')).toBe(-20481);
    device.close();
    device.feed(twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(importTicket(device, ticket)).toBe(-20481);
    walk.free();
    const old = up(State.Established);
    expect(importTicket(old.device, ticket)).toBe(-20481);
    old.free();
  });

  test('observe of TLS 1.3 gives the keys of an epoch once the server has left it too, and no secret', () => {
    const { walk, device, twin } = up13();
    expect(device.deliver(Grant.Observe)).toHaveLength(0);
    const keys = join(keyAndIv(twin.clientSecret), keyAndIv(twin.serverSecret));
    expect(() => release(device)).toThrow('WrongState');
    twin.receive(device.write(Buffer.from('still written here')));
    // A KeyUpdate that was not asked for says nothing of what the server has read.
    device.feed(twin.keyUpdate(0));
    expect(() => release(device)).toThrow('WrongState');
    twin.receive(device.keyUpdate(true));
    expect(() => release(device)).toThrow('WrongState');
    device.feed(twin.keyUpdate(0));
    expect(release(device)).toEqual(keys);
    expect(() => release(device)).toThrow('WrongState');
    twin.receive(device.write(Buffer.from(', and on')));
    expect(twin.applicationData.toString()).toBe('still written here, and on');
    walk.free();
  });

  test('observe gives the keys once both sides have said close_notify', () => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Observe);
    device.feed(twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(() => release(device)).toThrow('WrongState');
    device.close();
    expect(release(device)).toEqual(join(keyAndIv(twin.clientSecret), keyAndIv(twin.serverSecret)));
    walk.free();
    const old = up(State.Established);
    const server = old.twin as Twin12;
    expect(old.device.deliver(Grant.Observe)).toHaveLength(0);
    expect(() => release(old.device)).toThrow('WrongState');
    old.device.feed(server.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(release(old.device)).toHaveLength(40);
    old.free();
  });

  test('observe gives nothing after a failure', () => {
    const { walk, device, twin } = up13();
    device.deliver(Grant.Observe);
    expect(() => device.feed(Buffer.from([23, 3, 3, 0, 40, ...Buffer.alloc(40)]))).toThrow('BadRecordMac');
    expect(() => release(device)).toThrow('WrongState');
    expect(twin).toBeInstanceOf(Twin13);
    walk.free();
  });
});
