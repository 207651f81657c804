// Padding of the ClientHello (RFC 7685 §4): none is as long as some servers stall on, and what resumes is padded before its binder.
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ExtensionType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { Twin13 } from './twin13.js';

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

/** A host name of so many bytes. */
const named = (length: number) => 'a.'.repeat(length / 2) + 'b'.repeat(1 + (length % 2));

describe.each(await programs('client'))('hello padding on %s', (_, bench) => {
  const open = (options: DeviceOptions) => new Device(bench, { roots: [authority.root.der], ...options });

  test.each<[string, [number, number]]>([
    ['TLS 1.2', [0x0303, 0x0303]],
    ['TLS 1.3', [0x0303, 0x0304]],
  ])('%s: no hello has from 256 to 511 bytes', (_name, versions) => {
    const lengths = new Set<number>();
    for (let length = 2; length < 240; length += 3) {
      const device = open({ serverName: named(length), versions, alpn: ['x'.repeat(200)] });
      lengths.add(device.start().drain().length - 5);
      device.free();
      const short = open({ serverName: named(length), versions });
      lengths.add(short.start().drain().length - 5);
      short.free();
    }
    expect([...lengths].filter((length) => length >= 256 && length < 512)).toEqual([]);
    expect(lengths).toContain(512);
    expect(Math.max(...lengths)).toBeGreaterThan(512);
  });

  test('it is zeros, and no server may answer it', () => {
    const device = open({ serverName: 'origin.test', alpn: ['x'.repeat(100)] });
    const twin = new Twin13(issued).receive(device.start().drain());
    const padding = twin.hello.extensions.get(ExtensionType.Padding)!;
    expect(padding.length).toBeGreaterThan(0);
    expect(padding.every((byte) => byte === 0)).toBe(true);
    device.feed(twin.send(twin.serverHello()));
    twin.startHandshakeKeys();
    const answer = twin.encryptedExtensions([[ExtensionType.Padding, Buffer.alloc(4)]]);
    expectRefusal(device, twin, twin.send(answer), ErrorCode.UnsupportedExtension);
  });
});
