// Each rule of RFC 9846 that a server can break after its ServerHello, and the alert that it gets for it.
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { digest } from './twin_schedule.js';
import { Twin13 } from './twin13.js';
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

/** Wrong messages of the protected flight: how far the flight was right, the message, the refusal. */
type Before = 'hello' | 'extensions' | 'certificate' | 'verified';
const flights: [string, Before, (twin: Twin13) => Buffer, ErrorCode, DeviceOptions?][] = [
  [
    'EncryptedExtensions with ALPN unasked',
    'hello',
    (t) => t.encryptedExtensions([[16, empty]]),
    ErrorCode.UnsupportedExtension,
  ],
  [
    'EncryptedExtensions with a key share',
    'hello',
    (t) => t.encryptedExtensions([share(t)]),
    ErrorCode.IllegalParameter,
  ],
  [
    'EncryptedExtensions cut short',
    'hello',
    () => message(HandshakeType.EncryptedExtensions, Buffer.from([0, 4, 0])),
    ErrorCode.DecodeError,
  ],
  [
    'a name in the answer to server_name',
    'hello',
    (t) => t.encryptedExtensions([[0, u8(1)]]),
    ErrorCode.DecodeError,
  ],
  [
    'a protocol that was not offered',
    'hello',
    (t) => t.encryptedExtensions([[16, vec16(vec8(Buffer.from('h3')))]]),
    ErrorCode.IllegalParameter,
    { alpn: ['http/1.1'] },
  ],
  [
    'two protocols',
    'hello',
    (t) => t.encryptedExtensions([[16, vec16(vec8(Buffer.from('h3')), vec8(Buffer.from('h3')))]]),
    ErrorCode.DecodeError,
    { alpn: ['h3'] },
  ],
  [
    'a request with a context',
    'extensions',
    (t) => t.certificateRequest(undefined, Buffer.from('x')),
    ErrorCode.IllegalParameter,
  ],
  [
    'a request without signature_algorithms',
    'extensions',
    (t) => t.certificateRequest([]),
    ErrorCode.MissingExtension,
  ],
  [
    'a request with no algorithm',
    'extensions',
    (t) => t.certificateRequest([[13, vec16()]]),
    ErrorCode.DecodeError,
  ],
  ['no certificate', 'extensions', (t) => t.certificate([]), ErrorCode.DecodeError],
  [
    'a certificate extension unasked',
    'extensions',
    (t) => t.certificate(undefined, [[5, empty]]),
    ErrorCode.UnsupportedExtension,
  ],
  [
    'a certificate context',
    'extensions',
    () => message(HandshakeType.Certificate, join(vec8(u8(1)), Buffer.from([0, 0, 0]))),
    ErrorCode.IllegalParameter,
  ],
  [
    'garbage for a certificate',
    'extensions',
    (t) => t.certificate([Buffer.alloc(100, 7)]),
    ErrorCode.CertificateDer,
  ],
  [
    'a signature over the client context',
    'certificate',
    (t) => t.certificateVerify(0x0403, 'TLS 1.3, client CertificateVerify'),
    ErrorCode.BadSignature,
  ],
  [
    'a scheme of another curve',
    'certificate',
    (t) => t.certificateVerify(0x0503),
    ErrorCode.BadSignatureScheme,
  ],
  [
    'PKCS#1 in CertificateVerify',
    'certificate',
    (t) => t.certificateVerify(0x0401),
    ErrorCode.BadSignatureScheme,
  ],
  [
    'a scheme that was not offered',
    'certificate',
    (t) => t.certificateVerify(0x0203),
    ErrorCode.BadSignatureScheme,
  ],
  [
    'a torn CertificateVerify',
    'certificate',
    (t) => message(15, t.certificateVerify().subarray(4, -1)),
    ErrorCode.DecodeError,
  ],
  [
    'a wrong Finished',
    'verified',
    () => message(HandshakeType.Finished, Buffer.alloc(32)),
    ErrorCode.BadFinished,
  ],
  [
    'a short Finished',
    'verified',
    (t) => message(HandshakeType.Finished, t.finished().subarray(4, -1)),
    ErrorCode.DecodeError,
  ],
];

describe.each(await programs('client'))('TLS 1.3 rules on %s', (_, bench) => {
  function open(options: DeviceOptions = {}): [Device, Twin13] {
    const device = new Device(bench, { roots: [authority.root.der], versions: [0x0304, 0x0304], ...options });
    return [device, new Twin13(issued).receive(device.start().drain())];
  }

  /** Up to where `before` says. */
  function flight(before: Before, options: DeviceOptions = {}): [Device, Twin13] {
    const [device, twin] = open(options);
    device.feed(twin.send(twin.serverHello()));
    twin.startHandshakeKeys();
    if (before === 'hello') return [device, twin];
    device.feed(twin.send(twin.encryptedExtensions()));
    if (before === 'extensions') return [device, twin];
    device.feed(twin.send(twin.certificate()));
    if (before === 'certificate') return [device, twin];
    device.feed(twin.send(twin.certificateVerify()));
    return [device, twin];
  }

  test.each(flights)('%s', (_, before, bad, code, options) => {
    const [device, twin] = flight(before, options);
    expectRefusal(device, twin, twin.write.seal(ContentType.Handshake, bad(twin)), code);
  });

  test('a Certificate longer than 64 KiB is refused by its header', () => {
    const [device, twin] = flight('extensions');
    const header = Buffer.from([HandshakeType.Certificate, 1, 0, 1]);
    expectRefusal(device, twin, twin.write.seal(ContentType.Handshake, header), ErrorCode.CertificateTooLong);
  });

  test('a server whose PSK answer names an identity never offered', () => {
    const [first, twin] = flight('verified');
    first.feed(twin.send(twin.finished()));
    twin.finish(first.drain());
    first.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
    const session = first.session()!;
    const psk = twin.ticketSecret();
    first.free();
    for (const [identity, suite, code] of [
      [1, 0x1301, ErrorCode.IllegalParameter],
      [0, 0x1302, ErrorCode.IllegalParameter],
    ] as const) {
      const [device, second] = open({ session });
      const identities = second.hello.extensions.get(ExtensionType.PreSharedKey)!;
      expect([...second.hello.extensions.keys()].at(-1)).toBe(ExtensionType.PreSharedKey);
      expect(identities.subarray(-32)).toEqual(second.binder(psk));
      const hello = second.serverHello({ suite, extensions: [selected, share(second), [41, u16(identity)]] });
      expectRefusal(device, second, second.write.seal(ContentType.Handshake, hello), code);
    }
  });

  test('the binder of a retried ClientHello covers the retry', () => {
    const [first, twin] = flight('verified');
    first.feed(twin.send(twin.finished()));
    twin.finish(first.drain());
    first.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
    const [device, second] = open({ session: first.session()! });
    device.feed(second.retry([[ExtensionType.KeyShare, u16(23)]]));
    second.receive(device.drain());
    expect(second.hello.extensions.get(ExtensionType.PreSharedKey)!.subarray(-32)).toEqual(
      second.binder(twin.ticketSecret()),
    );
    first.free();
    device.free();
  });

  test('a message behind one that changes the keys', () => {
    const [device, twin] = open();
    const hello = twin.serverHello();
    const both = join(hello, twin.encryptedExtensions());
    twin.transcript = join(twin.transcript, hello);
    twin.startHandshakeKeys();
    expectRefusal(device, twin, plainRecord(ContentType.Handshake, both), ErrorCode.UnexpectedMessage);

    const [second, last] = flight('verified');
    const finished = last.finished();
    last.transcript = join(last.transcript, finished);
    const keys = last.write;
    const record = keys.seal(ContentType.Handshake, join(finished, last.ticket()));
    expect(() => second.feed(record)).toThrow('UnexpectedMessage');
    // Our Finished went out before the rest was looked at: the alert is under the application keys.
    const sent = splitRecords(second.drain());
    last.finish(join(...sent.slice(0, -1)));
    last.receive(sent.at(-1)!);
    expect(last.alerts).toEqual([[2, 10]]);
    second.free();
  });

  test('the messages in single bytes and all in one record come to the same', () => {
    const [device, twin] = open();
    const hello = twin.serverHello();
    twin.transcript = join(twin.transcript, hello);
    for (const byte of hello) device.feed(plainRecord(ContentType.Handshake, u8(byte)));
    twin.startHandshakeKeys();
    const parts = [twin.encryptedExtensions(), twin.certificate()];
    for (const part of parts) twin.transcript = join(twin.transcript, part);
    parts.push(twin.certificateVerify());
    twin.transcript = join(twin.transcript, parts[2]!);
    parts.push(twin.finished());
    twin.transcript = join(twin.transcript, parts[3]!);
    device.feed(twin.write.seal(ContentType.Handshake, join(...parts), 100));
    twin.finish(device.drain());
    expect(twin.messages.map((m) => m[0])).toEqual([HandshakeType.ClientHello, HandshakeType.Finished]);
    expect(digest(twin.transcript)).toHaveLength(32);
    expect(device.get('lastError')).toBe(0);
    device.free();
  });
});
