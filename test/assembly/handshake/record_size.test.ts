// record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 §4): what is offered, agreed, kept to, and refused.
import { beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, Grant } from '../../../assembly/handshake/protocol.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Call, Device, type DeviceOptions } from './device.js';
import { gnutls, openssl } from './origins.js';
import { expectRefusal } from './refusal.js';
import { soundExtensions, Twin12 } from './twin12.js';
import { Twin13 } from './twin13.js';
import { changeCipherSpec, type Extension, splitRecords, u8, u16 } from './wire.js';

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

describe.each(await programs('client'))('record sizes on %s', (_, bench) => {
  const open = (options: DeviceOptions) => new Device(bench, { roots: [authority.root.der], ...options });

  /** A TLS 1.3 connection whose server answers by these extensions. */
  function newer(recordLimit: number, answer: Extension[]): [Device, Twin13] {
    const device = open({ recordLimit });
    const twin = new Twin13(issued).receive(device.start().drain());
    device.feed(twin.send(twin.serverHello()));
    twin.startHandshakeKeys();
    device.feed(twin.send(twin.encryptedExtensions(answer)));
    for (const part of [twin.certificate(), twin.certificateVerify, twin.finished])
      device.feed(twin.send(typeof part === 'function' ? part.call(twin) : part));
    twin.finish(device.drain());
    return [device, twin];
  }

  function older(recordLimit: number, answer: Extension[]): [Device, Twin12] {
    const device = open({ recordLimit, versions: [0x0303, 0x0303] });
    const twin = new Twin12(issued);
    twin.receive(device.start().drain());
    device.feed(twin.send(twin.serverHello({ extensions: soundExtensions(...answer) })));
    for (const part of [
      () => twin.certificate(),
      () => twin.serverKeyExchange(),
      () => twin.serverHelloDone(),
    ])
      device.feed(twin.send(part()));
    twin.receive(device.drain());
    twin.startWriting();
    device.feed(changeCipherSpec);
    device.feed(twin.send(twin.finished()));
    return [device, twin];
  }

  test('nothing is offered unless asked for, and then both', () => {
    const hello = (options: DeviceOptions) => {
      const device = open(options);
      const { extensions } = new Twin13(issued).receive(device.start().drain()).hello;
      device.free();
      return [extensions.get(ExtensionType.MaxFragmentLength), extensions.get(ExtensionType.RecordSizeLimit)];
    };
    expect(hello({})).toEqual([undefined, undefined]);
    expect(hello({ recordLimit: 4096 })).toEqual([u8(4), u16(4097)]);
    expect(hello({ recordLimit: 16_384 })).toEqual([u8(4), u16(16_385)]);
    expect(hello({ recordLimit: 1500 })).toEqual([u8(2), u16(1501)]);
    expect(hello({ recordLimit: 512, versions: [0x0303, 0x0303] })).toEqual([u8(1), u16(512)]);
    for (const recordLimit of [511, 16_385, -1]) expect(() => open({ recordLimit })).toThrow('BadArgument');
  });

  const limit = (bytes: number): Extension => [ExtensionType.RecordSizeLimit, u16(bytes)];
  const fragment = (code: number): Extension => [ExtensionType.MaxFragmentLength, u8(code)];

  test.each([
    [limit(1001), 1000, 4096],
    [limit(16_385), 4096, 4096],
    [limit(64), 63, 4096],
    [fragment(4), 4096, 4096],
  ])('TLS 1.3: %j: at most %i bytes go, and %i are taken', (answer, sent, taken) => {
    const [device, twin] = newer(4096, [answer]);
    const records = splitRecords(device.write(Buffer.alloc(9000, 'x')));
    expect(Math.max(...records.map((record) => record.length))).toBe(5 + sent + 1 + 16);
    for (const record of records) twin.receive(record);
    expect(twin.applicationData).toHaveLength(9000);
    const full = Buffer.alloc(taken, 'y');
    expect(Buffer.from(device.feed(twin.write.seal(ContentType.ApplicationData, full))).equals(full)).toBe(
      true,
    );
    // Padding counts (RFC 8449 §4).
    expect(device.feed(twin.write.seal(ContentType.ApplicationData, full.subarray(0, -5), 5))).toHaveLength(
      taken - 5,
    );
    expectRefusal(
      device,
      twin,
      twin.write.seal(ContentType.ApplicationData, Buffer.alloc(taken + 1)),
      ErrorCode.RecordOverflow,
    );
  });

  test.each([
    [limit(1000), 1000, 4096],
    [fragment(4), 4096, 4096],
  ])('TLS 1.2: %j: at most %i bytes go, and %i are taken', (answer, sent, taken) => {
    const [device, twin] = older(4096, [answer]);
    const records = splitRecords(device.write(Buffer.alloc(9000, 'x')));
    expect(Math.max(...records.map((record) => record.length))).toBe(5 + 8 + sent + 16);
    for (const record of records) twin.receive(record);
    const full = Buffer.alloc(taken, 'y');
    expect(Buffer.from(device.feed(twin.write.seal(ContentType.ApplicationData, full))).equals(full)).toBe(
      true,
    );
    expectRefusal(
      device,
      twin,
      twin.write.seal(ContentType.ApplicationData, Buffer.alloc(taken + 1)),
      ErrorCode.RecordOverflow,
    );
  });

  test('a server that says nothing goes on as ever', () => {
    const [device, twin] = newer(4096, []);
    const full = Buffer.alloc(16_384, 'y');
    expect(device.feed(twin.write.seal(ContentType.ApplicationData, full))).toHaveLength(16_384);
    expect(device.get('negotiatedSendLimit')).toBe(0);
    device.free();
  });

  test('wrong answers', () => {
    for (const [answer, code] of [
      [[limit(63)], ErrorCode.IllegalParameter],
      [[limit(0)], ErrorCode.IllegalParameter],
      [[[ExtensionType.RecordSizeLimit, u8(200)]], ErrorCode.DecodeError],
      [[fragment(3)], ErrorCode.IllegalParameter],
      [[fragment(5)], ErrorCode.IllegalParameter],
      [[[ExtensionType.MaxFragmentLength, u16(4)]], ErrorCode.DecodeError],
      [[fragment(4), limit(4097)], ErrorCode.IllegalParameter],
    ] as [Extension[], ErrorCode][]) {
      const device = open({ recordLimit: 4096 });
      const twin = new Twin13(issued).receive(device.start().drain());
      device.feed(twin.send(twin.serverHello()));
      twin.startHandshakeKeys();
      expectRefusal(device, twin, twin.send(twin.encryptedExtensions(answer)), code);
      const old = open({ recordLimit: 4096, versions: [0x0303, 0x0303] });
      const server = new Twin12(issued);
      server.receive(old.start().drain());
      const hello = server.serverHello({ extensions: soundExtensions(...answer) });
      expectRefusal(old, server, server.write.seal(ContentType.Handshake, hello), code);
    }
    const unasked = open({});
    const twin = new Twin13(issued).receive(unasked.start().drain());
    unasked.feed(twin.send(twin.serverHello()));
    twin.startHandshakeKeys();
    const record = twin.send(twin.encryptedExtensions([limit(4097)]));
    expectRefusal(unasked, twin, record, ErrorCode.UnsupportedExtension);
  });

  test('who doesn’t know the limit gets no right to write', () => {
    const [device] = newer(4096, [limit(4097)]);
    for (const grant of [Grant.Epoch, Grant.Session, Grant.Resume, Grant.Full])
      expect(() => device.deliver(grant)).toThrow('GrantRefused');
    expect(device.deliver(Grant.Observe)).toHaveLength(0);
    device.free();
  });

  test('connections of 4 KiB records take at most 24 KiB each', () => {
    const many = () => Array.from({ length: 32 }, () => newer(4096, [limit(4097)])[0]);
    const first = many();
    const before = bench.program.memory().length;
    const second = many();
    expect(bench.program.memory().length - before).toBeLessThanOrEqual(32 * 24 * 1024);
    for (const device of [...first, ...second]) device.free();
  });

  test.each([
    ['OpenSSL, TLS 1.3', '-tls1_3'],
    ['OpenSSL, TLS 1.2', '-tls1_2'],
  ])('%s keeps to max_fragment_length', async (_name, version) => {
    const origin = await openssl(issued, ['-rev', version]);
    const call = await Call.open(open({ recordLimit: 1024 }), origin.port);
    await call.handshake();
    expect(call.device.get('negotiatedSendLimit')).toBe(1024);
    call.write(`${'x'.repeat(5000)}\n`);
    await call.until(() => call.received.length >= 5001, 'the line back');
    call.close();
    await origin.stop();
  });

  test.each(['NORMAL', 'NORMAL:-VERS-ALL:+VERS-TLS1.2'])(
    'GnuTLS (%s) keeps to record_size_limit',
    async (priority) => {
      const origin = await gnutls(issued, priority, ['--recordsize', '2000']);
      const call = await Call.open(open({ recordLimit: 4096 }), origin.port);
      await call.handshake();
      expect(call.device.get('negotiatedSendLimit')).toBe(2000);
      call.write(`${'x'.repeat(9000)}\n`);
      await call.until(() => call.received.length >= 9001, 'the echo');
      call.close();
      await origin.stop();
    },
  );
});
