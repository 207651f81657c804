// X25519MLKEM768 (RFC 10024): offered without its share, fetched by a HelloRetryRequest, or sent at once.
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ExtensionType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, DeviceError, type DeviceOptions } from './device.js';
import { HYBRID, TwinShare } from './twin_schedule.js';
import { Twin12 } from './twin12.js';
import { Twin13 } from './twin13.js';
import { join, keyShares, message, u8, u16, vec8 } from './wire.js';

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

const groupsOf = (twin: Twin13 | Twin12) => {
  const list = twin.hello.extensions.get(ExtensionType.SupportedGroups) ?? Buffer.alloc(2);
  return Array.from({ length: list.length / 2 - 1 }, (_, i) => list.readUInt16BE(2 + 2 * i));
};

describe.each(await programs('client'))('the hybrid group on %s', (_, bench) => {
  const begin = (options: DeviceOptions = {}) => {
    const device = new Device(bench, { roots: [authority.root.der], ...options }).start();
    const twin = new Twin13(issued).receive(device.drain());
    twin.share = new TwinShare(HYBRID);
    return { device, twin };
  };

  /** The rest of the handshake, and data both ways. */
  const finish = (device: Device, twin: Twin13, ...hello: Parameters<Twin13['serverHello']>) => {
    const shared = twin.agree();
    const flight = [twin.send(twin.serverHello(...hello))];
    twin.startHandshakeKeys(shared);
    flight.push(
      twin.send(twin.encryptedExtensions()),
      twin.send(twin.certificate()),
      twin.send(twin.certificateVerify()),
      twin.send(twin.finished()),
    );
    for (const record of flight) device.feed(record);
    twin.finish(device.drain());
    twin.receive(device.write(Buffer.from('ping')));
    expect(twin.applicationData.toString()).toBe('ping');
    expect(Buffer.from(device.feed(twin.write.seal(23, Buffer.from('pong')))).toString()).toBe('pong');
    expect(device.get('negotiatedGroup')).toBe(HYBRID);
  };

  test('it is offered first, and the share is that of X25519', () => {
    const { device, twin } = begin();
    expect(groupsOf(twin)).toEqual([HYBRID, 29, 23, 24]);
    expect([...keyShares(twin.hello).keys()]).toEqual([29]);
    expect(twin.hello.raw.length).toBeLessThan(512);
    device.free();
  });

  test('a HelloRetryRequest fetches its share', () => {
    const { device, twin } = begin();
    device.feed(twin.retry([[ExtensionType.KeyShare, u16(HYBRID)]]));
    twin.receive(device.drain());
    expect(keyShares(twin.hello).get(HYBRID)?.length).toBe(1216);
    finish(device, twin);
    device.free();
  });

  test('the share goes at once where it is told to, and only one', () => {
    const { device, twin } = begin({ share: HYBRID });
    expect([...keyShares(twin.hello).keys()]).toEqual([HYBRID]);
    finish(device, twin);
    device.free();
  });

  test('a retry for a cookie repeats the very share (RFC 9846 §4.2.2)', () => {
    const { device, twin } = begin({ share: HYBRID });
    const first = keyShares(twin.hello).get(HYBRID);
    device.feed(twin.retry([[ExtensionType.Cookie, join(u16(6), Buffer.from('cookie'))]]));
    twin.receive(device.drain());
    expect(keyShares(twin.hello).get(HYBRID)).toEqual(first);
    finish(device, twin);
    device.free();
  });

  test('a retry for a curve leaves it', () => {
    const { device, twin } = begin({ share: HYBRID });
    device.feed(twin.retry([[ExtensionType.KeyShare, u16(23)]]));
    twin.receive(device.drain());
    expect([...keyShares(twin.hello).keys()]).toEqual([23]);
    device.free();
  });

  test.each([0, 32, 1088, 1119, 1121])('a server share of %i bytes is refused', (length) => {
    const { device, twin } = begin({ share: HYBRID });
    twin.share.public = Buffer.alloc(length, 9);
    const feed = () => device.feed(twin.send(twin.serverHello()));
    expect(feed).toThrow(DeviceError);
    expect(device.get('lastError')).toBe(ErrorCode.BadKeyShare);
    device.free();
  });

  test('a zero X25519 half is refused, whatever the other half is (RFC 10024 §4.2, RFC 7748 §6.1)', () => {
    const { device, twin } = begin({ share: HYBRID });
    twin.agree();
    twin.share.public = join(twin.share.public.subarray(0, 1088), Buffer.alloc(32));
    expect(() => device.feed(twin.send(twin.serverHello()))).toThrow('BadKeyShare');
    device.free();
  });

  test('a bent ciphertext gives keys that open nothing', () => {
    const { device, twin } = begin({ share: HYBRID });
    const shared = twin.agree();
    twin.share.public[5] = (twin.share.public[5] ?? 0) ^ 1;
    device.feed(twin.send(twin.serverHello()));
    twin.startHandshakeKeys(shared);
    expect(() => device.feed(twin.send(twin.encryptedExtensions()))).toThrow('BadRecordMac');
    device.free();
  });

  test('a hello of TLS 1.2 leaves it out, and a TLS 1.2 server can not choose it', () => {
    const old = new Device(bench, { roots: [authority.root.der], versions: [0x0303, 0x0303] }).start();
    expect(groupsOf(new Twin12(issued).receive(old.drain()))).toEqual([29, 23, 24]);
    old.free();
    const device = new Device(bench, { roots: [authority.root.der] }).start();
    const twin = new Twin12(issued).receive(device.drain());
    for (const part of [twin.serverHello(), twin.certificate()]) device.feed(twin.send(part));
    const exchange = message(12, join(u8(3), u16(HYBRID), vec8(Buffer.alloc(32, 9)), u16(0x0403), u16(0)));
    expect(() => device.feed(twin.send(exchange))).toThrow('IllegalParameter');
    device.free();
  });

  test('memory goes back, and what was secret with it', () => {
    const free = bench.exports.allocate?.(16) ?? 0;
    bench.exports.release?.(free, 16);
    for (let i = 0; i < 3; i++) {
      const { device, twin } = begin({ share: HYBRID });
      finish(device, twin);
      device.free();
    }
    const again = bench.exports.allocate?.(16) ?? 0;
    bench.exports.release?.(again, 16);
    expect(again).toBe(free);
  });
});
