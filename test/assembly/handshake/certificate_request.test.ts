// What a server may ask of our certificate, and how long its list of authorities may be.
import { createVerify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Call, Device } from './device.js';
import { openssl } from './origins.js';
import { expectRefusal } from './refusal.js';
import type { Twin12 } from './twin12.js';
import type { Twin13 } from './twin13.js';
import { paths, tableRows, Walk } from './walk.js';
import { extensionBlock, join, message, plainRecord, u8, u16, vec8, vec16 } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

let authority: Authority;
let issued: Issued;
let own: Record<'ec-p256' | 'rsa-2048', Issued>;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  own = {
    'ec-p256': await authority.issue({ names: ['handheld'], keyType: 'ec-p256', isClient: true }),
    'rsa-2048': await authority.issue({ names: ['handheld'], keyType: 'rsa-2048', isClient: true }),
  };
});

const schemes = {
  ecdsaSha256: 0x0403,
  ecdsaSha384: 0x0503,
  ecdsaSha512: 0x0603,
  rsaSha256: 0x0401,
  rsaSha384: 0x0501,
  rsaSha512: 0x0601,
  pssSha256: 0x0804,
  pssSha512: 0x0806,
};
const rsaSign = 1;
const ecdsaSign = 64;
/** So many names, as certificate_authorities has them. */
const authorities = (count: number) =>
  join(...Array.from({ length: count }, () => vec16(Buffer.alloc(100, 0x30))));

describe.each(await programs('client'))('certificate requests on %s', (_, bench) => {
  const walkTo = (state: State, key: keyof typeof own = 'ec-p256') =>
    new Walk(
      bench,
      issued,
      { roots: [authority.root.der], clientCertificate: own[key] },
      paths(rows, state)[0]!,
    ).run();
  const request12 = (types: number[], offered: number[], list: Uint8Array = Buffer.alloc(0)) =>
    message(
      HandshakeType.CertificateRequest,
      join(vec8(Buffer.from(types)), vec16(...offered.map(u16)), vec16(list)),
    );
  const request13 = (list: Uint8Array, before = true) => {
    const named: [number, Buffer] = [47, vec16(list)];
    const asked: [number, Buffer] = [ExtensionType.SignatureAlgorithms, vec16(u16(schemes.ecdsaSha256))];
    return message(
      HandshakeType.CertificateRequest,
      join(vec8(), extensionBlock(before ? [named, asked] : [asked, named])),
    );
  };
  /** Sends a message in records of so many bytes. */
  const inRecords = (walk: Walk, part: Buffer, size: number) => {
    walk.twin.transcript = join(walk.twin.transcript, part);
    for (let at = 0; at < part.length; at += size)
      walk.device.feed(walk.twin.write.seal(ContentType.Handshake, part.subarray(at, at + size)));
  };
  /** Messages of our flight in answer. */
  const answer12 = (walk: Walk, part: Buffer, size = 16_384) => {
    const twin = walk.twin as Twin12;
    inRecords(walk, part, size);
    walk.device.feed(twin.send(twin.serverHelloDone()));
    twin.receive(walk.device.drain());
    return twin.messages.slice(1);
  };

  test.each([
    ['ec-p256', [ecdsaSign], [schemes.ecdsaSha256], schemes.ecdsaSha256],
    ['ec-p256', [rsaSign], [schemes.ecdsaSha256], 0],
    ['ec-p256', [rsaSign, ecdsaSign], [schemes.ecdsaSha512, schemes.ecdsaSha256], schemes.ecdsaSha256],
    ['ec-p256', [ecdsaSign], [schemes.ecdsaSha512], schemes.ecdsaSha512],
    ['ec-p256', [ecdsaSign], [schemes.rsaSha256], 0],
    ['ec-p256', [2, 65], [schemes.ecdsaSha256], 0],
    ['rsa-2048', [rsaSign], [schemes.rsaSha512], schemes.rsaSha512],
    ['rsa-2048', [rsaSign], [schemes.pssSha512, schemes.rsaSha256], schemes.pssSha512],
    ['rsa-2048', [rsaSign], [schemes.rsaSha384], schemes.rsaSha384],
    ['rsa-2048', [ecdsaSign], [schemes.rsaSha256], 0],
    ['rsa-2048', [ecdsaSign], [schemes.pssSha256, schemes.ecdsaSha256], 0],
  ] as const)('TLS 1.2: %s for types %j and schemes %j: %i', (key, types, offered, scheme) => {
    const walk = walkTo(State.ExpectRequestOrDone, key);
    const sent = answer12(walk, request12([...types], [...offered]));
    const certificate = sent.find((part) => part[0] === HandshakeType.Certificate)!;
    const verify = sent.find((part) => part[0] === HandshakeType.CertificateVerify);
    expect(certificate.length > 7).toBe(scheme !== 0);
    expect(verify?.readUInt16BE(4) ?? 0).toBe(scheme);
    if (verify !== undefined) {
      const { transcript } = walk.twin;
      const hash = { 4: 'sha256', 5: 'sha384', 6: 'sha512' }[
        (scheme >> 8 === 8 ? scheme & 255 : scheme >> 8) as 4 | 5 | 6
      ]!;
      const check = createVerify(hash).update(transcript.subarray(0, transcript.indexOf(verify)));
      const padding = scheme >> 8 === 8 ? { padding: 6, saltLength: -1 } : {};
      const signature = verify.subarray(8);
      expect(check.verify({ key: own[key].certificatePem, ...padding }, signature)).toBe(true);
    }
    walk.free();
  });

  test.each([[200], [16_384], [7], [1]])(
    'a list of authorities over 16 KiB is read over, in records of %i',
    (size) => {
      const count = size < 100 ? 12 : 600;
      const walk = walkTo(State.ExpectRequestOrDone);
      const sent = answer12(walk, request12([ecdsaSign], [schemes.ecdsaSha256], authorities(count)), size);
      expect(sent.map((part) => part[0])).toContain(HandshakeType.CertificateVerify);
      // The Finished opens and holds: the transcript has every byte.
      expect(sent.at(-1)![0]).toBe(HandshakeType.Finished);
      walk.free();
      for (const before of [true, false]) {
        const newer = walkTo(State.ExpectCertificateOrRequest);
        const twin = newer.twin as Twin13;
        inRecords(newer, request13(authorities(count), before), size);
        newer.device.feed(twin.send(twin.certificate()));
        newer.device.feed(twin.send(twin.certificateVerify()));
        newer.device.feed(twin.send(twin.finished()));
        twin.finish(newer.device.drain());
        expect(twin.messages.map((part) => part[0]).filter((type) => type !== 1)).toEqual([11, 15, 20]);
        expect(newer.echo('up')).toBe('up');
        newer.free();
      }
    },
  );

  test('what doesn’t fit its lengths is refused, wherever the message is cut', () => {
    const list = authorities(3);
    const sound = request12([ecdsaSign], [schemes.ecdsaSha256], list);
    const wrong: Buffer[] = [
      message(13, sound.subarray(4, -1)),
      message(13, join(sound.subarray(4), u8(0))),
      message(13, sound.subarray(4, 9)),
      message(13, join(vec8(), vec16(u16(schemes.ecdsaSha256)), vec16(list))),
      message(13, join(vec8(u8(ecdsaSign)), vec16(u8(4)), vec16(list))),
    ];
    for (const part of wrong) {
      for (const cut of [1, 4, 6, part.length - 1]) {
        const walk = walkTo(State.ExpectRequestOrDone);
        walk.device.feed(plainRecord(ContentType.Handshake, part.subarray(0, cut)));
        expectRefusal(
          walk.device,
          walk.twin,
          plainRecord(ContentType.Handshake, part.subarray(cut)),
          ErrorCode.DecodeError,
        );
      }
    }
    const newer = request13(list);
    const longer = Buffer.from(newer);
    longer.writeUInt16BE(longer.readUInt16BE(5) + 1, 5);
    for (const [part, code] of [
      [longer, ErrorCode.DecodeError],
      [message(13, newer.subarray(4, -1)), ErrorCode.DecodeError],
      [message(13, join(vec8(), extensionBlock([[47, vec16(list)]]))), ErrorCode.MissingExtension],
      [message(13, join(vec8(u8(1)), newer.subarray(5))), ErrorCode.IllegalParameter],
    ] as const) {
      const walk = walkTo(State.ExpectCertificateOrRequest);
      const seal = (bytes: Uint8Array) => walk.twin.write.seal(ContentType.Handshake, bytes);
      walk.device.feed(seal(part.subarray(0, 7)));
      expectRefusal(walk.device, walk.twin, seal(part.subarray(7)), code);
    }
  });

  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  test.runIf(existsSync(bundle))(
    'OpenSSL, all public authorities in its list, and SHA-512 alone',
    async () => {
      const roots = `${authority.root.pem}\n${readFileSync(bundle, 'latin1')}`;
      for (const [version, sigalgs] of [
        ['-tls1_2', 'RSA+SHA512'],
        ['-tls1_2', 'RSA-PSS+SHA512'],
        ['-tls1_2', 'RSA+SHA384'],
        ['-tls1_3', 'RSA-PSS+SHA512'],
      ] as const) {
        const args = ['-rev', version, '-Verify', '1', '-verify_return_error', '-client_sigalgs', sigalgs];
        const origin = await openssl(issued, args, roots);
        const device = new Device(bench, { roots: [authority.root.der], clientCertificate: own['rsa-2048'] });
        const call = await Call.open(device, origin.port);
        await call.handshake();
        call.write('hello\n');
        await call.expectText('olleh');
        call.close();
        await origin.stop();
      }
    },
  );
});
