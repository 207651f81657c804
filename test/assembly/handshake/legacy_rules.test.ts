// Each rule that a server of old can break once the switch for it is on, and the alert that it gets for it.
import { createDiffieHellman, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { keyUsage } from '../../../host/cli/demo/authority/certificate.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { decryptPremaster, soundExtensions, Twin12 } from './twin12.js';
import type { HelloParts } from './twin13.js';
import { type Extension, join, message, plainRecord, splitRecords, u8, u16, vec8, vec16 } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const empty = Buffer.alloc(0);
const renegotiation: Extension = [ExtensionType.RenegotiationInfo, u8(0)];
const sentinel = (last: number) => join(Buffer.alloc(24, 5), Buffer.from('DOWNGRD'), u8(last));

let authority: Authority;
let ec: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  ec = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

describe.each(await programs('client'))('legacy rules on %s', (_, bench) => {
  function open(options: DeviceOptions = {}, server = rsa): [Device, Twin12] {
    const device = new Device(bench, { roots: [authority.root.der], legacy: true, ...options });
    return [device, new Twin12(server).receive(device.start().drain())];
  }
  const record = (part: Uint8Array, version: number) => plainRecord(ContentType.Handshake, part, version);
  function greet(parts: HelloParts, options: DeviceOptions = {}, server = rsa): [Device, Twin12] {
    const [device, twin] = open(options, server);
    device.feed(record(twin.serverHello(parts), parts.legacyVersion ?? 0x0303));
    return [device, twin];
  }

  const hellos: [string, HelloParts, ErrorCode, [number, number]?][] = [
    ['TLS 1.1, marked', { legacyVersion: 0x0302, random: sentinel(0) }, ErrorCode.DowngradeDetected],
    ['TLS 1.0, marked', { legacyVersion: 0x0301, random: sentinel(0) }, ErrorCode.DowngradeDetected],
    ['SSL 3.0, marked', { legacyVersion: 0x0300, random: sentinel(0) }, ErrorCode.DowngradeDetected],
    ['TLS 1.2, marked', { suite: 0x009c, random: sentinel(1) }, ErrorCode.DowngradeDetected],
    [
      'TLS 1.1, marked, where 1.2 is the best offered',
      { legacyVersion: 0x0302, random: sentinel(0) },
      ErrorCode.DowngradeDetected,
      [0x0301, 0x0303],
    ],
    ['version 2.0', { legacyVersion: 0x0200 }, ErrorCode.ProtocolVersion],
    ['a version below the least', { legacyVersion: 0x0301 }, ErrorCode.ProtocolVersion, [0x0302, 0x0304]],
    ['GCM in TLS 1.1', { legacyVersion: 0x0302, suite: 0x009c }, ErrorCode.IllegalParameter],
    ['a SHA-256 MAC in TLS 1.1', { legacyVersion: 0x0302, suite: 0x003c }, ErrorCode.IllegalParameter],
    ['DES in TLS 1.2', { suite: 0x0009 }, ErrorCode.IllegalParameter],
    ['curves in SSL 3.0', { legacyVersion: 0x0300, suite: 0xc013 }, ErrorCode.IllegalParameter],
    ['a suite of TLS 1.3 in TLS 1.0', { legacyVersion: 0x0301, suite: 0x1301 }, ErrorCode.IllegalParameter],
    [
      'TLS 1.1 in supported_versions',
      { extensions: [[ExtensionType.SupportedVersions, u16(0x0302)]] },
      ErrorCode.IllegalParameter,
    ],
    [
      'encrypt-then-MAC for RC4',
      {
        legacyVersion: 0x0301,
        suite: 0x0005,
        extensions: soundExtensions([ExtensionType.EncryptThenMac, empty]),
      },
      ErrorCode.IllegalParameter,
    ],
    [
      'TLS 1.2 without renegotiation_info',
      { suite: 0x009c, extensions: [] },
      ErrorCode.NoSecureRenegotiation,
    ],
    [
      'a full renegotiation_info in SSL 3.0',
      { legacyVersion: 0x0300, extensions: [[ExtensionType.RenegotiationInfo, vec8(Buffer.alloc(12))]] },
      ErrorCode.HandshakeFailure,
    ],
  ];
  test.each(hellos)('ServerHello with %s', (_, parts, code, versions) => {
    const [device, twin] = open(versions && { versions });
    const version = parts.legacyVersion ?? 0x0303;
    expectRefusal(device, twin, record(twin.serverHello({ suite: 0x002f, ...parts }), version), code);
  });

  test('an extension in SSL 3.0, which has but one, and no alert that would say so', () => {
    const [device, twin] = open();
    const hello = twin.serverHello({ legacyVersion: 0x0300, suite: 0x002f, extensions: soundExtensions() });
    expect(() => device.feed(record(hello, 0x0300))).toThrow('UnsupportedExtension');
    expect(twin.receive(device.drain()).alerts).toEqual([[2, Alert.HandshakeFailure]]);
    device.free();
  });

  test('a mark is no matter where nothing better was offered', () => {
    const [device] = greet(
      { legacyVersion: 0x0302, suite: 0x002f, random: sentinel(0) },
      { versions: [0x0301, 0x0302] },
    );
    device.free();
  });

  test('servers before TLS 1.2 may lack renegotiation_info', () => {
    for (const legacyVersion of [0x0300, 0x0301, 0x0302])
      greet({ legacyVersion, suite: 0x002f, extensions: [] })[0].free();
  });

  test('a record of another version than the session has', () => {
    const [device, twin] = greet({ legacyVersion: 0x0301, suite: 0x002f });
    expectRefusal(device, twin, record(twin.certificate(), 0x0302), ErrorCode.ProtocolVersion);
  });

  describe('RSA key exchange', () => {
    test.each([0x0300, 0x0301, 0x0302, 0x0303])(
      'in version %i: the premaster secret carries the version of the hello, and is fresh',
      (version) => {
        const secrets = [1, 2].map(() => {
          const extensions = version === 0x0300 ? [renegotiation] : soundExtensions();
          const [device, twin] = greet({ legacyVersion: version, suite: 0x002f, extensions });
          device.feed(record(join(twin.certificate(), twin.serverHelloDone()), version));
          const [exchange, change, finished] = splitRecords(device.drain());
          expect([exchange, change, finished].map((r) => r!.readUInt16BE(1))).toEqual(Array(3).fill(version));
          const encrypted = exchange!.subarray(version === 0x0300 ? 9 : 11);
          const secret = decryptPremaster(rsa.key, encrypted);
          expect(secret.readUInt16BE(0)).toBe(0x0303);
          device.free();
          return secret.toString('hex');
        });
        expect(secrets[0]).not.toBe(secrets[1]);
      },
    );

    test('has no ServerKeyExchange', () => {
      const [device, twin] = greet({ suite: 0x009c });
      device.feed(record(twin.certificate(), 0x0303));
      const exchange = message(HandshakeType.ServerKeyExchange, Buffer.alloc(8));
      expectRefusal(device, twin, record(exchange, 0x0303), ErrorCode.UnexpectedMessage);
    });

    test('needs a key that may encrypt', async () => {
      const signing = await authority.issue({
        names: ['origin.test'],
        keyType: 'rsa-2048',
        leaf: {},
      });
      const [device, twin] = greet({ suite: 0x009c }, {}, ec);
      expectRefusal(device, twin, record(twin.certificate(), 0x0303), ErrorCode.CertificateKeyUsage);
      const extensions = [keyUsage('digitalSignature')];
      const strict = await authority.issue({
        names: ['origin.test'],
        keyType: 'rsa-2048',
        leaf: { extensions },
      });
      const [second, other] = greet({ suite: 0x009c }, {}, strict);
      expectRefusal(second, other, record(other.certificate(), 0x0303), ErrorCode.CertificateKeyUsage);
      const [third, good] = greet({ suite: 0x009c }, {}, signing);
      third.feed(record(good.certificate(), 0x0303));
      third.free();
    });
  });

  describe('finite fields', () => {
    const group = createDiffieHellman(Buffer.from(primeOf(256)), 2);
    const p = group.getPrime();
    const y = group.generateKeys();

    function primeOf(id: number): Uint8Array {
      const out = primitives.room(1024);
      const bytes = primitives.get(out, primitives.exports.finiteFieldPrime!(id, out));
      primitives.free();
      return bytes;
    }
    function exchange(
      twin: Twin12,
      { prime = p, generator = u8(2) as Buffer, share = y, scheme = 0x0401, version = 0x0303, bend = false },
    ): Buffer {
      const parameters = join(vec16(prime), vec16(generator), vec16(share));
      const hash = scheme === 0x0401 ? 'sha256' : scheme === 0x0201 ? 'sha1' : 'md5';
      const signature = sign(hash, join(twin.hello.random, twin.random, parameters), rsa.key);
      if (bend) signature[7]! ^= 1;
      const schemeBytes = version === 0x0303 ? u16(scheme) : empty;
      return message(HandshakeType.ServerKeyExchange, join(parameters, schemeBytes, vec16(signature)));
    }
    function ready(version = 0x0303): [Device, Twin12] {
      const suite = version === 0x0303 ? 0x009e : 0x0033;
      const [device, twin] = greet({ legacyVersion: version, suite });
      device.feed(record(twin.certificate(), version));
      return [device, twin];
    }

    test('a group of RFC 7919 is known by its number, another has none', () => {
      for (const [prime, generator, number] of [
        [Buffer.from(primeOf(256)), u8(2), 256],
        [Buffer.from(primeOf(257)), u8(2), 257],
        [Buffer.from(primeOf(258)), u8(2), 258],
        [Buffer.from(primeOf(259)), u8(2), 259],
        [Buffer.from(primeOf(260)), u8(2), 260],
        [Buffer.from(primeOf(256)), u8(3), 0],
      ] as const) {
        const [device, twin] = ready();
        device.feed(record(exchange(twin, { prime, generator }), 0x0303));
        expect(device.get('negotiatedGroup')).toBe(number);
        device.free();
      }
    });

    test('SHA-1 may sign with the switch on, MD5 alone never', () => {
      const [device, twin] = ready();
      device.feed(record(exchange(twin, { scheme: 0x0201 }), 0x0303));
      device.free();
      const [second, other] = ready();
      expectRefusal(
        second,
        other,
        record(exchange(other, { scheme: 0x0101 }), 0x0303),
        ErrorCode.BadSignatureScheme,
      );
    });

    test.each([
      [
        'a short prime',
        { prime: Buffer.concat([u8(0x7f), Buffer.alloc(127, 0xff)]) },
        ErrorCode.InsufficientSecurity,
      ],
      ['no prime', { prime: empty }, ErrorCode.InsufficientSecurity],
      ['a prime of 8200 bits', { prime: Buffer.alloc(1025, 0xff) }, ErrorCode.IllegalParameter],
      ['an even prime', { prime: Buffer.concat([p.subarray(0, -1), u8(0xfe)]) }, ErrorCode.IllegalParameter],
      ['generator 1', { generator: u8(1) }, ErrorCode.IllegalParameter],
      ['generator 0', { generator: u8(0) }, ErrorCode.IllegalParameter],
      ['the public value 0', { share: u8(0) }, ErrorCode.IllegalParameter],
      ['the public value 1', { share: u8(1) }, ErrorCode.IllegalParameter],
      [
        'the public value p - 1',
        { share: Buffer.concat([p.subarray(0, -1), u8(0xfe)]) },
        ErrorCode.IllegalParameter,
      ],
      ['the public value p', { share: p }, ErrorCode.IllegalParameter],
      ['no public value', { share: empty }, ErrorCode.IllegalParameter],
      ['a bent signature', { bend: true }, ErrorCode.BadSignature],
      ['a scheme that was not offered', { scheme: 0x0301 }, ErrorCode.BadSignatureScheme],
    ] as const)('with %s', (_, more, code) => {
      const [device, twin] = ready();
      expectRefusal(device, twin, record(exchange(twin, more as object), 0x0303), code);
    });

    test('in TLS 1.1 a signature by anything but MD5 and SHA-1 together', () => {
      for (const scheme of [0x0401, 0x0201]) {
        const [device, twin] = ready(0x0302);
        const bytes = exchange(twin, { scheme, version: 0x0302 });
        expectRefusal(device, twin, record(bytes, 0x0302), ErrorCode.BadSignature);
      }
    });

    test('every cut of the message is a decode error', () => {
      const [, model] = ready();
      const whole = exchange(model, {});
      for (const length of [0, 1, 2, 100, 258, 261, 400, 519, 523, whole.length - 5]) {
        const [device, twin] = ready();
        const cut = message(HandshakeType.ServerKeyExchange, exchange(twin, {}).subarray(4, 4 + length));
        expectRefusal(device, twin, record(cut, 0x0303), ErrorCode.DecodeError);
      }
    });
  });

  test.each([
    [0x0300, 0x0005],
    [0x0300, 0x002f],
    [0x0301, 0x000a],
    [0x0302, 0x002f],
  ])('version %i, suite %i: a Finished that opens not', (version, suite) => {
    const extensions = [renegotiation];
    const [device, twin] = greet({ legacyVersion: version, suite, extensions });
    device.feed(record(join(twin.certificate(), twin.serverHelloDone()), version));
    device.drain();
    device.feed(plainRecord(ContentType.ChangeCipherSpec, u8(1), version));
    expect(() => device.feed(record(Buffer.alloc(64, 7), version))).toThrow('BadRecordMac');
    device.free();
  });
});
