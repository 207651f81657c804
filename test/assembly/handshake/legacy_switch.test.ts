// What stays impossible without the switch for the old, and what a hello says once it is on.
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { Twin12 } from './twin12.js';
import { plainRecord, splitRecords } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const allSuites = Array.from({ length: 0x10000 }, (_, id) => id).filter((id) =>
  primitives.exports.suiteKnown!(id),
);
const legacySuites = allSuites.filter((id) => primitives.exports.suiteLegacy!(id));

let authority: Authority;
let ec: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  ec = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

const shorts = (data: Buffer) => Array.from({ length: data.length / 2 }, (_, i) => data.readUInt16BE(2 * i));

describe.each(await programs('client'))('the legacy switch on %s', (_, bench) => {
  function open(options: DeviceOptions = {}, server = rsa): [Device, Twin12] {
    const device = new Device(bench, { roots: [authority.root.der], legacy: true, ...options });
    return [device, new Twin12(server).receive(device.start().drain())];
  }
  const record = (part: Uint8Array, version: number) => plainRecord(ContentType.Handshake, part, version);

  describe('without the switch', () => {
    test('nothing of old stands in the hello, and the fallback signal in none', () => {
      const [device, { hello }] = open({ legacy: false });
      expect(hello.suites.filter((id) => legacySuites.includes(id))).toEqual([]);
      expect(hello.suites.filter((id) => id === 0x00ff || id === 0x5600)).toEqual([]);
      expect(shorts(hello.extensions.get(ExtensionType.SupportedVersions)!.subarray(1))).toEqual([
        0x0304, 0x0303,
      ]);
      const schemes = shorts(hello.extensions.get(ExtensionType.SignatureAlgorithms)!.subarray(2));
      expect(schemes.filter((scheme) => scheme >> 8 < 4 || (scheme & 255) === 2)).toEqual([]);
      device.free();
    });

    test('no old version and no old suite can be configured, one by one', () => {
      const refused = (more: DeviceOptions) =>
        expect(() => new Device(bench, more), JSON.stringify(more)).toThrow('BadArgument');
      for (const version of [0x0300, 0x0301, 0x0302]) {
        refused({ versions: [version, 0x0304] });
        refused({ versions: [version, version] });
      }
      expect(legacySuites.length).toBeGreaterThan(30);
      for (const suite of legacySuites) refused({ suites: [suite] });
    });

    test('the switch goes back, and takes with it what was configured', () => {
      const device = new Device(bench, {
        roots: [authority.root.der],
        legacy: true,
        versions: [0x0300, 0x0301],
        suites: [0x0005],
      });
      expect(device.get('configureLegacy', 0)).toBe(0);
      const { hello } = new Twin12(ec).receive(device.start().drain());
      expect(hello.suites.filter((id) => legacySuites.includes(id))).toEqual([]);
      expect(hello.version).toBe(0x0303);
      expect(device.get('configureLegacy', 1)).toBe(ErrorCode.WrongState);
      device.free();
    });

    test.each([0x0300, 0x0301, 0x0302])('a server that answers by version %i', (version) => {
      const [device, twin] = open({ legacy: false });
      const hello = twin.serverHello({ legacyVersion: version, suite: 0x002f, extensions: [] });
      expectRefusal(device, twin, record(hello, version), ErrorCode.ProtocolVersion);
    });

    test('a server that answers by any suite of old', () => {
      for (const suite of legacySuites) {
        const [device, twin] = open({ legacy: false });
        expectRefusal(device, twin, record(twin.serverHello({ suite }), 0x0303), ErrorCode.IllegalParameter);
      }
    });

    test.each([0x0101, 0x0201, 0x0202, 0x0203, 0x0402, 0x0001])(
      'a key exchange signed by scheme %i',
      (scheme) => {
        const [device, twin] = open({ legacy: false }, ec);
        device.feed(twin.send(twin.serverHello({ suite: 0xc02b })));
        device.feed(twin.send(twin.certificate()));
        expectRefusal(device, twin, twin.send(twin.serverKeyExchange(scheme)), ErrorCode.BadSignatureScheme);
      },
    );

    test('a certificate for DSA', async () => {
      const key = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey;
      const dsa = await authority.issue({ names: ['origin.test'], key });
      const [device, twin] = open({ legacy: false }, dsa);
      device.feed(twin.send(twin.serverHello({ suite: 0xc02f })));
      expectRefusal(device, twin, twin.send(twin.certificate()), ErrorCode.CertificateKey);
    });
  });

  describe('in the hello', () => {
    test('all versions but SSL 3.0 are named, SSL 3.0 by the signal that its servers know', () => {
      const [device, { hello }] = open();
      expect(hello.version).toBe(0x0303);
      expect(shorts(hello.extensions.get(ExtensionType.SupportedVersions)!.subarray(1))).toEqual([
        0x0304, 0x0303, 0x0302, 0x0301,
      ]);
      expect(hello.suites).toContain(0x00ff);
      expect(hello.suites).not.toContain(0x5600);
      expect(hello.extensions.has(ExtensionType.RenegotiationInfo)).toBe(false);
      device.free();
    });

    test('TLS 1.1 has no signature algorithms, and no suite that it can not run', () => {
      const [device, { hello }] = open({ versions: [0x0301, 0x0302] });
      expect(hello.version).toBe(0x0302);
      expect(hello.extensions.has(ExtensionType.SignatureAlgorithms)).toBe(false);
      expect(hello.extensions.has(ExtensionType.SupportedVersions)).toBe(false);
      expect(hello.extensions.has(ExtensionType.RenegotiationInfo)).toBe(true);
      expect(hello.suites).not.toContain(0x009c);
      expect(hello.suites).not.toContain(0x1301);
      device.free();
    });

    test('SSL 3.0 alone ends at its compression methods', () => {
      const device = new Device(bench, { legacy: true, versions: [0x0300, 0x0300] }).start();
      const [bytes] = splitRecords(device.drain());
      expect(bytes!.readUInt16BE(1)).toBe(0x0300);
      expect(bytes!.readUInt16BE(9)).toBe(0x0300);
      const suites = bytes!.readUInt16BE(44);
      expect(bytes!.length).toBe(46 + suites + 2);
      expect(shorts(bytes!.subarray(46, 46 + suites))).toContain(0x00ff);
      device.free();
    });
  });
});
