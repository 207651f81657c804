// The exports of client.wasm: configuration, refusal to start, certificates' alerts, sessions, memory.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../assembly/alert.js';
import { ContentType, ExtensionType, Flag } from '../../assembly/handshake/protocol.js';
import { State } from '../../assembly/handshake/state.js';
import {
  type Authority,
  createAuthority,
  type Flaw,
  flaws,
  type Issued,
} from '../../host/cli/demo/authority/authority.js';
import { Device, type DeviceOptions } from './handshake/device.js';
import { expectRefusal } from './handshake/refusal.js';
import { Twin12 } from './handshake/twin12.js';
import { Twin13 } from './handshake/twin13.js';
import { type Kept, keepSessions, paths, tableRows, Walk } from './handshake/walk.js';
import { type ClientHello, parseClientHello } from './handshake/wire.js';
import { programs } from './programs.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

describe.each(await programs('client'))('client.wasm on %s', (engine, bench) => {
  const options = (more: DeviceOptions = {}) => ({ roots: [authority.root.der], ...more });
  let kept: { tls13: Kept; tls12: Kept };
  beforeAll(() => {
    kept = keepSessions(bench, issued, options(), rows);
  });
  const at = (state: State, more: DeviceOptions = {}) =>
    new Walk(bench, issued, options(more), paths(rows, state)[0]!, kept).run();
  /** A full handshake of the version, without a retry. */
  const full = (state: State) =>
    paths(rows, state).find(
      (path) =>
        path[0]!.next === State.ExpectServerCertificate ||
        (path.some(
          (row) => row.state === State.ExpectServerHello && row.next === State.ExpectEncryptedExtensions,
        ) &&
          path.some((row) => row.next === State.ExpectCertificateVerify)),
    )!;
  /** A program of its own, whose memory nobody used before. */
  const fresh = async () => (await programs('client')).find(([name]) => name === engine)![1];

  test('refuses what can be no configuration', () => {
    const refused = (more: DeviceOptions, text = 'BadArgument') =>
      expect(() => new Device(bench, more), JSON.stringify(more)).toThrow(text);
    refused({ serverName: '' });
    refused({ serverName: 'x'.repeat(256) });
    refused({ alpn: [''] });
    refused({ alpn: Array(20).fill('a-long-protocol-name') });
    refused({ versions: [0x0304, 0x0303] });
    refused({ versions: [0x0302, 0x0304] });
    refused({ suites: [] });
    refused({ suites: [0x1399] });
    refused({ suites: [0x0005] });
    refused({ suites: Array(65).fill(0x1301) });
    refused({ groups: [] });
    refused({ groups: [256] });
    refused({ session: new Uint8Array(10) });
    refused({ session: kept.tls13.session.subarray(0, -1) });
    for (const at of [0, 2, 4, 50, 99]) {
      const bent = Buffer.from(kept.tls13.session);
      bent[at]! ^= 0x40;
      refused({ session: bent });
    }
    refused({ clientCertificate: { chainDer: [], keyDer: issued.keyDer } });
    refused(
      { clientCertificate: { chainDer: issued.chainDer, keyDer: new Uint8Array(40) } },
      'BadPrivateKey',
    );
  });

  test('does not start without entropy', async () => {
    const { exports } = await fresh();
    const connection = exports.connectionNew!();
    const name = exports.allocate!(16);
    expect(exports.configureServerName!(connection, name, 4)).toBe(0);
    exports.configureTrust!(connection, exports.trustNew!());
    exports.configureTime!(connection, 1_700_000_000);
    expect(exports.start!(connection)).toBe(ErrorCode.NoEntropy);
    expect(exports.seed!(name, 16)).toBe(ErrorCode.NoEntropy);
    expect(exports.flags!(connection)).toBe(0);
    exports.connectionFree!(connection);
  });

  test('offers a session only where it fits', () => {
    const now = Math.floor(Date.now() / 1000);
    const offered = (more: DeviceOptions) => {
      const device = new Device(bench, options(more)).start();
      const hello = parseClientHello(Buffer.from(device.drain()).subarray(5));
      device.free();
      const ticket = hello.extensions.get(ExtensionType.SessionTicket);
      return hello.extensions.has(ExtensionType.PreSharedKey) || (ticket !== undefined && ticket.length > 0);
    };
    const { session } = kept.tls13;
    expect(offered({ session })).toBe(true);
    expect(offered({ session, serverName: 'Origin.test' })).toBe(false);
    expect(offered({ session, serverName: 'other.test' })).toBe(false);
    expect(offered({ session, versions: [0x0303, 0x0303] })).toBe(false);
    expect(offered({ session, suites: [0x1302] })).toBe(false);
    expect(offered({ session, suites: [0x1303] })).toBe(true);
    expect(offered({ session, unixTime: now - 1000 })).toBe(false);
    expect(offered({ session, unixTime: now + 7100 })).toBe(true);
    expect(offered({ session, unixTime: now + 7300 })).toBe(false);
    const old = kept.tls12.session;
    expect(offered({ session: old })).toBe(true);
    expect(offered({ session: old, versions: [0x0304, 0x0304] })).toBe(false);
    expect(offered({ session: old, suites: [0xc02c, 0x1301] })).toBe(false);
    expect(offered({ session: old, unixTime: now + 3700 })).toBe(false);
  });

  test('does not start without a clock or without roots, nor twice', () => {
    expect(() => new Device(bench, options({ unixTime: 0 })).start()).toThrow('NoTime');
    const untrusting = new Device(bench, options());
    bench.exports.configureTrust!(untrusting.pointer, 0);
    expect(() => untrusting.start()).toThrow('NoTrust');
    const device = new Device(bench, options()).start();
    expect(() => device.start()).toThrow('WrongState');
    expect(bench.exports.configureTime!(device.pointer, 5)).toBe(ErrorCode.WrongState);
    device.free();
  });

  test('roots that no certificate leads to are unknown_ca', () => {
    const device = new Device(bench, { ...options(), roots: [] });
    const twin = new Twin12(issued).receive(device.start().drain());
    device.feed(twin.send(twin.serverHello()));
    expectRefusal(
      device,
      twin,
      twin.write.seal(ContentType.Handshake, twin.certificate()),
      ErrorCode.UnknownCa,
    );
  });

  const verdicts: Partial<Record<Flaw, Alert>> = {
    expired: Alert.CertificateExpired,
    notYetValid: Alert.CertificateExpired,
    wrongName: Alert.BadCertificate,
    selfSigned: Alert.UnknownCa,
    unknownAuthority: Alert.UnknownCa,
    intermediateExpired: Alert.CertificateExpired,
    brokenSignature: Alert.BadCertificate,
    unknownCriticalExtension: Alert.UnsupportedCertificate,
    weakKey: Alert.UnsupportedCertificate,
  };
  test.each(flaws.filter((flaw) => flaw !== 'md5Signature'))(
    'a certificate flaw, %s, gets its alert',
    async (flaw) => {
      const keyType = flaw === 'weakKey' ? 'rsa-1024' : 'ec-p256';
      const wrong = await authority.issue({ names: ['origin.test'], keyType, flaw });
      const device = new Device(bench, options());
      const twin = new Twin13(wrong).receive(device.start().drain());
      device.feed(twin.send(twin.serverHello()));
      twin.startHandshakeKeys();
      device.feed(twin.send(twin.encryptedExtensions()));
      expect(() => device.feed(twin.send(twin.certificate()))).toThrow();
      const [alert, ...others] = twin.receive(device.drain()).alerts;
      expect(others).toEqual([]);
      const expected = verdicts[flaw];
      if (expected !== undefined) expect(alert).toEqual([2, expected]);
      expect([42, 43, 45, 46, 48]).toContain(alert![1]);
      device.free();
    },
  );

  test('two ClientHellos differ in nothing but random values', () => {
    const shape = (hello: ClientHello) => {
      const extensions = [...hello.extensions].map(([type, data]) =>
        type === ExtensionType.KeyShare
          ? [type, data.subarray(0, 6).toString('hex'), data.length]
          : [type, data.toString('hex')],
      );
      return [
        hello.version,
        hello.sessionId.length,
        hello.suites,
        hello.compressions.toString('hex'),
        extensions,
      ];
    };
    const hello = () => {
      const device = new Device(bench, options({ alpn: ['http/1.1'] })).start();
      const record = Buffer.from(device.drain());
      device.free();
      expect(record.subarray(0, 3)).toEqual(Buffer.from([22, 3, 1]));
      return parseClientHello(record.subarray(5));
    };
    const [first, second] = [hello(), hello()];
    expect(shape(first)).toEqual(shape(second));
    expect(first.random).not.toEqual(second.random);
    expect(first.sessionId).not.toEqual(second.sessionId);
    expect(first.extensions.get(ExtensionType.ServerName)!.toString('latin1')).toContain('origin.test');
  });

  test('an IP address is no server_name', () => {
    for (const [serverName, present] of [
      ['127.0.0.1', false],
      ['::1', false],
      ['10.example', true],
    ] as const) {
      const device = new Device(bench, options({ serverName })).start();
      expect(parseClientHello(Buffer.from(device.drain()).subarray(5)).extensions.has(0)).toBe(present);
      device.free();
    }
  });

  test('exports keying material as RFC 9846 §7.5 has it', () => {
    const walk = at(State.Connected);
    expect(walk.device.exporter('EXPORTER-a', Buffer.from('c'), 32)).not.toEqual(
      walk.device.exporter('EXPORTER-a', undefined, 32),
    );
    expect(walk.device.exporter('EXPORTER-a', Buffer.alloc(0), 32)).toEqual(
      walk.device.exporter('EXPORTER-a', undefined, 32),
    );
    walk.free();
  });

  test('keeps the last four tickets, gives the oldest first, and asks for room', () => {
    const walk = at(State.Connected);
    const twin = walk.twin as Twin13;
    for (let i = 1; i <= 6; i++)
      walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket([], Buffer.from(`ticket ${i}`))));
    expect(() => walk.device.bytes('sessionTake', 50, 50)).toThrow('BufferTooSmall');
    const taken = [1, 2, 3, 4].map(() => Buffer.from(walk.device.session()!).toString('latin1').slice(-8));
    expect(taken).toEqual(['ticket 3', 'ticket 4', 'ticket 5', 'ticket 6']);
    expect(walk.device.session()).toBeUndefined();
    // Too long to keep, or not to be kept at all: no error either.
    walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket([], Buffer.alloc(4097, 1))));
    walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket([], Buffer.from('t'), 0)));
    expect(walk.device.has(Flag.SessionReady)).toBe(false);
    walk.free();
  });

  test('a failure forgets the sessions', () => {
    const walk = at(State.Connected);
    const twin = walk.twin as Twin13;
    walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
    expect(walk.device.has(Flag.SessionReady)).toBe(true);
    expect(() => walk.device.feed(twin.write.seal(ContentType.Alert, Buffer.from([2, 80])))).toThrow();
    expect(walk.device.has(Flag.SessionReady)).toBe(false);
    walk.free();
  });

  test('reports what was negotiated', () => {
    const walk = new Walk(bench, issued, options(), full(State.Connected)).run();
    const device = walk.device;
    expect(device.get('negotiatedSuite')).toBe(0x1301);
    expect(device.get('negotiatedGroup')).toBe(29);
    expect(Buffer.from(device.bytes('clientRandom', 32))).toEqual(walk.twin.hello.random);
    const hash = createHash('sha256').update(issued.chainDer[0]!).digest();
    expect(Buffer.from(device.bytes('peerCertificateHash', 32))).toEqual(hash);
    walk.free();
  });

  test('wrong lengths from the host are refused and change nothing', () => {
    const walk = at(State.Connected);
    const { pointer } = walk.device;
    for (const name of ['inputReceived', 'plaintextWritten', 'plaintextTaken', 'outputSent']) {
      for (const length of [-1, 1_000_000])
        expect(bench.exports[name]!(pointer, length), name).toBe(ErrorCode.BadArgument);
    }
    expect(walk.echo('unmoved')).toBe('unmoved');
    walk.free();
  });

  test('five connections with their sessions fit 256 KiB of memory', async () => {
    const bench = await fresh();
    const start = bench.program.memory().length;
    const walks = Array.from({ length: 5 }, () =>
      new Walk(bench, issued, options(), full(State.Connected)).run(),
    );
    for (const walk of walks) {
      const twin = walk.twin as Twin13;
      walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket([], Buffer.alloc(1500, 1))));
      walk.echo('at work');
    }
    const bytes = bench.program.memory().length;
    for (const walk of walks) walk.free();
    console.log(
      `${engine}: ${start / 1024} KiB of linear memory at rest, ${bytes / 1024} with five connections`,
    );
    expect(bytes).toBeLessThanOrEqual(256 * 1024);
  });

  test('memory does not grow with connections that come and go', async () => {
    const bench = await fresh();
    const at = (state: State) => new Walk(bench, issued, options(), paths(rows, state)[0]!, kept).run();
    at(State.Connected).free();
    const before = bench.program.memory().length;
    for (let i = 0; i < 100; i++) at(State.ExpectServerHello).free();
    for (let i = 0; i < 20; i++) at(State.Connected).free();
    expect(bench.program.memory().length).toBe(before);
  });
});

test('the program is at most 160 KiB and imports nothing', async () => {
  const wasm = await readFile(
    process.env.DEPUTY_CLIENT ?? new URL('../../build/client.wasm', import.meta.url),
  );
  console.log(`client.wasm: ${wasm.length} bytes`);
  expect(wasm.length).toBeLessThanOrEqual(160 * 1024);
  expect(WebAssembly.Module.imports(new WebAssembly.Module(wasm))).toEqual([]);
});
