// Each rule that a ServerHello or HelloRetryRequest of TLS 1.3 can break, and the alert that it gets for it.
import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { TwinShare } from './twin_schedule.js';
import { retryRandom, Twin13 } from './twin13.js';
import { type Extension, join, message, plainRecord, splitRecords, u8, u16, vec8, vec16 } from './wire.js';

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

const selected: Extension = [ExtensionType.SupportedVersions, u16(0x0304)];
const share = (twin: Twin13, bytes: Uint8Array = twin.share.public, group = twin.share.group): Extension => [
  ExtensionType.KeyShare,
  join(u16(group), vec16(bytes)),
];
const empty = Buffer.alloc(0);

/** Wrong ServerHellos: parts of the message, and the refusal. */
const hellos: [string, (twin: Twin13) => Parameters<Twin13['serverHello']>[0], ErrorCode, DeviceOptions?][] =
  [
    ['legacy version 3.2', () => ({ legacyVersion: 0x0302 }), ErrorCode.IllegalParameter],
    [
      'legacy version 3.4 alone',
      () => ({ legacyVersion: 0x0304, extensions: [] }),
      ErrorCode.ProtocolVersion,
    ],
    [
      'supported_versions that selects TLS 1.2',
      (t) => ({ extensions: [[ExtensionType.SupportedVersions, u16(0x0303)], share(t)] }),
      ErrorCode.IllegalParameter,
    ],
    [
      'a version never heard of',
      (t) => ({ extensions: [[ExtensionType.SupportedVersions, u16(0x0305)], share(t)] }),
      ErrorCode.IllegalParameter,
    ],
    [
      'supported_versions of three bytes',
      (t) => ({ extensions: [[ExtensionType.SupportedVersions, Buffer.from([3, 4, 0])], share(t)] }),
      ErrorCode.DecodeError,
    ],
    ['another session id', () => ({ sessionId: Buffer.alloc(32, 1) }), ErrorCode.IllegalParameter],
    ['no session id', () => ({ sessionId: empty }), ErrorCode.IllegalParameter],
    ['a session id of 33 bytes', () => ({ sessionId: Buffer.alloc(33, 1) }), ErrorCode.DecodeError],
    ['a suite that was not offered', () => ({ suite: 0x1304 }), ErrorCode.IllegalParameter],
    ['a suite of TLS 1.2', () => ({ suite: 0xc02b }), ErrorCode.IllegalParameter],
    ['compression', () => ({ compression: 1 }), ErrorCode.IllegalParameter],
    ['no key share', () => ({ extensions: [selected] }), ErrorCode.MissingExtension],
    [
      'a share of another group',
      (t) => ({ extensions: [selected, share(t, t.share.public, 23)] }),
      ErrorCode.IllegalParameter,
    ],
    [
      'a share of zeros',
      (t) => ({ extensions: [selected, share(t, Buffer.alloc(32))] }),
      ErrorCode.BadKeyShare,
    ],
    [
      'a share of 31 bytes',
      (t) => ({ extensions: [selected, share(t, Buffer.alloc(31, 9))] }),
      ErrorCode.BadKeyShare,
    ],
    [
      'a torn share',
      () => ({
        extensions: [selected, [ExtensionType.KeyShare, join(u16(29), u16(32), Buffer.alloc(31, 9))]],
      }),
      ErrorCode.DecodeError,
    ],
    [
      'an extension that nobody asked for',
      (t) => ({ extensions: [selected, share(t), [5, empty]] }),
      ErrorCode.UnsupportedExtension,
    ],
    [
      'ALPN that nobody asked for',
      (t) => ({ extensions: [selected, share(t), [16, empty]] }),
      ErrorCode.UnsupportedExtension,
    ],
    [
      'ALPN in the wrong message',
      (t) => ({ extensions: [selected, share(t), [ExtensionType.Alpn, vec16(vec8(Buffer.from('h3')))]] }),
      ErrorCode.IllegalParameter,
      { alpn: ['h3'] },
    ],
    [
      'an extension twice',
      (t) => ({ extensions: [selected, share(t), share(t)] }),
      ErrorCode.IllegalParameter,
    ],
    [
      'a PSK that nobody offered',
      (t) => ({ extensions: [selected, share(t), [41, u16(0)]] }),
      ErrorCode.UnsupportedExtension,
    ],
    [
      'a cookie outside a retry',
      (t) => ({ extensions: [selected, share(t), [44, vec16(u8(1))]] }),
      ErrorCode.IllegalParameter,
    ],
  ];

/** Wrong HelloRetryRequests. */
const retries: [string, Extension[], ErrorCode][] = [
  ['nothing new', [], ErrorCode.IllegalParameter],
  ['the group of our share', [[ExtensionType.KeyShare, u16(29)]], ErrorCode.IllegalParameter],
  ['a group that was not offered', [[ExtensionType.KeyShare, u16(25)]], ErrorCode.IllegalParameter],
  ['a group in three bytes', [[ExtensionType.KeyShare, Buffer.from([0, 23, 0])]], ErrorCode.DecodeError],
  ['an empty cookie', [[ExtensionType.Cookie, vec16()]], ErrorCode.DecodeError],
  ['a cookie of another length', [[ExtensionType.Cookie, join(u16(2), u8(1))]], ErrorCode.DecodeError],
  [
    'an extension unheard of',
    [
      [0x1234, empty],
      [ExtensionType.KeyShare, u16(23)],
    ],
    ErrorCode.UnsupportedExtension,
  ],
];

describe.each(await programs('client'))('TLS 1.3 hellos on %s', (_, bench) => {
  function open(options: DeviceOptions = {}): [Device, Twin13] {
    const device = new Device(bench, { roots: [authority.root.der], versions: [0x0304, 0x0304], ...options });
    return [device, new Twin13(issued).receive(device.start().drain())];
  }

  test.each(hellos)('ServerHello with %s', (_, parts, code, options) => {
    const [device, twin] = open({ versions: [0x0303, 0x0304], ...options });
    expectRefusal(device, twin, twin.write.seal(ContentType.Handshake, twin.serverHello(parts(twin))), code);
  });

  test('ServerHello with bytes behind it, or cut short', () => {
    for (const change of [
      (b: Buffer) => join(b, u8(0)),
      (b: Buffer) => b.subarray(0, -1),
      (b: Buffer) => b.subarray(0, 20),
    ]) {
      const [device, twin] = open();
      const bad = message(HandshakeType.ServerHello, change(twin.serverHello().subarray(4)));
      expectRefusal(device, twin, twin.write.seal(ContentType.Handshake, bad), ErrorCode.DecodeError);
    }
  });

  test.each(retries)('HelloRetryRequest with %s', (_, extensions, code) => {
    const [device, twin] = open();
    expectRefusal(device, twin, twin.retry(extensions), code);
  });

  /** Records of a retry that wants this cookie back; the last one apart. */
  const retryRecords = (twin: Twin13, cookie: Uint8Array): [Buffer, Buffer] => {
    const retry = twin.retry([[ExtensionType.Cookie, cookie]]).subarray(5);
    const records: Buffer[] = [];
    for (let at = 0; at < retry.length; at += 16_000)
      records.push(plainRecord(ContentType.Handshake, retry.subarray(at, at + 16_000)));
    return [join(...records.slice(0, -1)), records.at(-1)!];
  };

  test('a cookie that a ClientHello has no room for beside what it must say is refused by its own error', () => {
    const [device, twin] = open();
    const [first, last] = retryRecords(twin, vec16(Buffer.alloc(65_500)));
    device.feed(first);
    expectRefusal(device, twin, last, ErrorCode.CookieTooLong);
  });

  test('a cookie of 64,000 bytes is carried back', () => {
    const [device, twin] = open();
    const cookie = vec16(randomBytes(64_000));
    device.feed(join(...retryRecords(twin, cookie)));
    const hello = splitRecords(device.drain()).filter((record) => record[0] === ContentType.Handshake);
    expect(hello.length).toBeGreaterThan(15);
    twin.receive(plainRecord(ContentType.Handshake, join(...hello.map((record) => record.subarray(5)))));
    expect(twin.hello.extensions.get(ExtensionType.Cookie)?.equals(cookie)).toBe(true);
    device.feed(twin.send(twin.serverHello()));
    expect(device.get('lastError')).toBe(0);
    device.free();
  });

  test('a retry for a cookie alone repeats the ClientHello with the cookie', () => {
    const [device, twin] = open();
    const first = twin.hello;
    device.feed(twin.retry([[ExtensionType.Cookie, vec16(Buffer.from('biscuit'))]]));
    twin.receive(device.drain());
    expect(twin.hello.extensions.get(ExtensionType.Cookie)).toEqual(vec16(Buffer.from('biscuit')));
    expect([...twin.hello.extensions].filter(([type]) => type !== ExtensionType.Cookie)).toEqual([
      ...first.extensions,
    ]);
    expect(twin.hello.random).toEqual(first.random);
    expect(twin.changeCipherSpecs).toBe(1);
    device.free();
  });

  test('a second retry, another suite, another version after a retry', () => {
    const again = (change: (twin: Twin13) => Buffer, code: ErrorCode) => {
      const [device, twin] = open({ versions: [0x0303, 0x0304] });
      device.feed(twin.retry([[ExtensionType.KeyShare, u16(23)]]));
      twin.receive(device.drain());
      twin.share = new TwinShare(23);
      expectRefusal(device, twin, twin.write.seal(ContentType.Handshake, change(twin)), code);
    };
    again(
      (t) => t.serverHello({ random: retryRandom, extensions: [selected, [51, u16(24)]] }),
      ErrorCode.UnexpectedMessage,
    );
    again((t) => t.serverHello({ suite: 0x1303 }), ErrorCode.IllegalParameter);
    again((t) => t.serverHello({ suite: 0xc02b, extensions: [[65281, u8(0)]] }), ErrorCode.IllegalParameter);
  });
});
