// Each rule of TLS 1.2 that a server can break, and the alert that it gets for it.
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import { ContentType, ExtensionType, Flag, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { Device, type DeviceOptions } from './device.js';
import { expectRefusal } from './refusal.js';
import { TwinShare } from './twin_schedule.js';
import { soundExtensions, Twin12 } from './twin12.js';
import type { HelloParts } from './twin13.js';
import { type Kept, keepSessions, paths, tableRows, Walk } from './walk.js';
import { changeCipherSpec, join, message, plainRecord, u8, u16, u24, vec8, vec16, vec24 } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);
const empty = Buffer.alloc(0);

let authority: Authority;
let issued: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

const sentinel = (last: number) => join(Buffer.alloc(24, 5), Buffer.from('DOWNGRD'), u8(last));

const hellos: [string, HelloParts, ErrorCode, DeviceOptions?][] = [
  ['version 3.2', { legacyVersion: 0x0302 }, ErrorCode.ProtocolVersion],
  ['version 3.0', { legacyVersion: 0x0300 }, ErrorCode.ProtocolVersion],
  ['TLS 1.2 where only 1.3 was offered', {}, ErrorCode.UnsupportedExtension, { versions: [0x0304, 0x0304] }],
  [
    'TLS 1.2 bare where only 1.3 was offered',
    { extensions: [] },
    ErrorCode.ProtocolVersion,
    { versions: [0x0304, 0x0304] },
  ],
  ['the downgrade mark of TLS 1.2', { random: sentinel(1) }, ErrorCode.DowngradeDetected],
  ['the downgrade mark of TLS 1.1', { random: sentinel(0) }, ErrorCode.DowngradeDetected],
  ['a suite of TLS 1.3', { suite: 0x1301 }, ErrorCode.IllegalParameter],
  ['a suite that was not offered', { suite: 0x002f }, ErrorCode.IllegalParameter],
  ['compression', { compression: 1 }, ErrorCode.IllegalParameter],
  ['no renegotiation_info', { extensions: [[23, empty]] }, ErrorCode.NoSecureRenegotiation],
  [
    'a full renegotiation_info',
    { extensions: [[65281, vec8(Buffer.alloc(12))]] },
    ErrorCode.HandshakeFailure,
  ],
  [
    'a full extended_master_secret',
    {
      extensions: [
        [65281, u8(0)],
        [23, u8(0)],
      ],
    },
    ErrorCode.DecodeError,
  ],
  ['encrypt_then_mac for an AEAD', { extensions: soundExtensions([22, empty]) }, ErrorCode.IllegalParameter],
  [
    'an extension that nobody asked for',
    { extensions: soundExtensions([5, empty]) },
    ErrorCode.UnsupportedExtension,
  ],
  ['an extension twice', { extensions: soundExtensions([23, empty]) }, ErrorCode.IllegalParameter],
  ['a key_share', { extensions: soundExtensions([51, empty]) }, ErrorCode.IllegalParameter],
  ['compressed points alone', { extensions: soundExtensions([11, vec8(u8(1))]) }, ErrorCode.IllegalParameter],
  ['a full session_ticket', { extensions: soundExtensions([35, u8(1)]) }, ErrorCode.DecodeError],
];

describe.each(await programs('client'))('TLS 1.2 rules on %s', (_, bench) => {
  let kept: { tls13: Kept; tls12: Kept };
  beforeAll(() => {
    kept = keepSessions(bench, issued, { roots: [authority.root.der] }, rows);
  });

  function open(options: DeviceOptions = {}, server = issued): [Device, Twin12] {
    const device = new Device(bench, { roots: [authority.root.der], ...options });
    return [device, new Twin12(server).receive(device.start().drain())];
  }
  const at = (state: State) =>
    new Walk(bench, issued, { roots: [authority.root.der] }, paths(rows, state)[0]!, kept).run();
  const seal = (twin: Twin12, part: Uint8Array) => twin.write.seal(ContentType.Handshake, part);

  test.each(hellos)('ServerHello with %s', (_, parts, code, options) => {
    const [device, twin] = open(options);
    expectRefusal(device, twin, seal(twin, twin.serverHello(parts)), code);
  });

  test('a mark in the random is no matter where TLS 1.3 was not offered', () => {
    const [device, twin] = open({ versions: [0x0303, 0x0303] });
    device.feed(twin.send(twin.serverHello({ random: sentinel(1) })));
    expect(twin.hello.sessionId).toHaveLength(0);
    device.free();
  });

  test('an echoed session id where no session was offered', () => {
    const [device, twin] = open();
    const hello = twin.serverHello({ sessionId: twin.hello.sessionId });
    expectRefusal(device, twin, seal(twin, hello), ErrorCode.IllegalParameter);
  });

  test('a resumed session must keep its suite and its extended master secret', () => {
    const session = kept.tls12.session;
    const [device, twin] = open({ session });
    const echo = { sessionId: twin.hello.sessionId };
    expectRefusal(
      device,
      twin,
      seal(twin, twin.serverHello({ ...echo, suite: 0xc02c })),
      ErrorCode.IllegalParameter,
    );
    const [second, other] = open({ session });
    const bare = other.serverHello({ sessionId: other.hello.sessionId, extensions: [[65281, u8(0)]] });
    expectRefusal(second, other, seal(other, bare), ErrorCode.NoExtendedMasterSecret);
  });

  test('a certificate of another kind than the suite names', () => {
    for (const [server, suite] of [
      [rsa, 0xc02b],
      [issued, 0xc02f],
    ] as const) {
      const [device, twin] = open({}, server);
      device.feed(twin.send(twin.serverHello({ suite })));
      expectRefusal(device, twin, seal(twin, twin.certificate()), ErrorCode.IllegalParameter);
    }
  });

  test('wrong certificates messages', () => {
    for (const [body, code] of [
      [vec24(), ErrorCode.DecodeError],
      [u24(5), ErrorCode.DecodeError],
      [vec24(vec24(Buffer.alloc(60, 1))), ErrorCode.CertificateDer],
      [vec24(u24(100), Buffer.alloc(60)), ErrorCode.DecodeError],
    ] as const) {
      const walk = at(State.ExpectServerCertificate);
      const twin = walk.twin as Twin12;
      expectRefusal(walk.device, twin, seal(twin, message(HandshakeType.Certificate, body)), code);
    }
  });

  const exchanges: [string, (twin: Twin12) => Buffer, ErrorCode][] = [
    [
      'explicit curves',
      (t) => t.serverKeyExchange(undefined, undefined, undefined, 1),
      ErrorCode.IllegalParameter,
    ],
    ['a group that was not offered', (t) => t.serverKeyExchange(undefined, 25), ErrorCode.IllegalParameter],
    [
      'a point off the curve',
      (t) => t.serverKeyExchange(undefined, 23, join(u8(4), Buffer.alloc(64, 3))),
      ErrorCode.BadKeyShare,
    ],
    ['a share of zeros', (t) => t.serverKeyExchange(undefined, 29, Buffer.alloc(32)), ErrorCode.BadKeyShare],
    ['too long a point', (t) => t.serverKeyExchange(undefined, 29, Buffer.alloc(200)), ErrorCode.BadKeyShare],
    ['an empty point', (t) => t.serverKeyExchange(undefined, 29, empty), ErrorCode.BadKeyShare],
    ['a scheme that was not offered', (t) => t.serverKeyExchange(0x0203), ErrorCode.BadSignatureScheme],
    ['a scheme of another key', (t) => t.serverKeyExchange(0x0401), ErrorCode.BadSignatureScheme],
    [
      'a signature over other parameters',
      (t) => {
        const bad = t.serverKeyExchange();
        bad[10]! ^= 1;
        return bad;
      },
      ErrorCode.BadSignature,
    ],
    ['its end missing', (t) => message(12, t.serverKeyExchange().subarray(4, -1)), ErrorCode.DecodeError],
  ];
  test.each(exchanges)('ServerKeyExchange with %s', (_, bad, code) => {
    const walk = at(State.ExpectServerKeyExchange);
    const twin = walk.twin as Twin12;
    expectRefusal(walk.device, twin, seal(twin, bad(twin)), code);
  });

  test('each group makes a ServerKeyExchange that is taken', () => {
    for (const group of [23, 29]) {
      const walk = at(State.ExpectServerKeyExchange);
      const twin = walk.twin as Twin12;
      twin.share = new TwinShare(group);
      walk.device.feed(twin.send(twin.serverKeyExchange()));
      walk.device.feed(twin.send(twin.serverHelloDone()));
      twin.receive(walk.device.drain());
      expect(twin.messages.map((m) => m[0])).toEqual([1, 16, 20]);
      walk.free();
    }
  });

  test('malformed requests, tickets and ends', () => {
    const cases: [State, Buffer, ErrorCode][] = [
      [
        State.ExpectRequestOrDone,
        message(13, join(vec8(), vec16(u16(0x403)), vec16())),
        ErrorCode.DecodeError,
      ],
      [State.ExpectRequestOrDone, message(13, join(vec8(u8(64)), vec16(), vec16())), ErrorCode.DecodeError],
      [State.ExpectRequestOrDone, message(13, join(vec8(u8(64)), vec16(u16(0x403)))), ErrorCode.DecodeError],
      [State.ExpectRequestOrDone, message(14, u8(0)), ErrorCode.DecodeError],
      [State.ExpectTicket, message(4, Buffer.alloc(5)), ErrorCode.DecodeError],
      [State.ExpectServerFinished, message(20, Buffer.alloc(12)), ErrorCode.BadFinished],
      [State.ExpectServerFinished, message(20, Buffer.alloc(11)), ErrorCode.DecodeError],
      [State.Established, message(0, u8(0)), ErrorCode.DecodeError],
    ];
    for (const [state, bad, code] of cases) {
      const walk = at(state);
      const twin = walk.twin as Twin12;
      expectRefusal(walk.device, twin, seal(twin, bad), code);
    }
  });

  test('application data before the handshake is done', () => {
    for (const state of [State.ExpectServerHello, State.ExpectServerHelloDone, State.ExpectServerFinished]) {
      const walk = at(state);
      const record = walk.twin.write.seal(ContentType.ApplicationData, Buffer.from('early'));
      expectRefusal(walk.device, walk.twin, record, ErrorCode.UnexpectedRecord);
    }
  });

  test('a ChangeCipherSpec of another value or length, or inside a message', () => {
    for (const [before, body, code] of [
      [empty, u8(2), ErrorCode.UnexpectedChangeCipherSpec],
      [empty, Buffer.from([1, 1]), ErrorCode.UnexpectedChangeCipherSpec],
      [Buffer.from([4, 0]), u8(1), ErrorCode.UnexpectedRecord],
    ] as const) {
      const walk = at(before.length > 0 ? State.ExpectTicket : State.ExpectChangeCipherSpec);
      if (before.length > 0) walk.device.feed(plainRecord(ContentType.Handshake, before));
      expectRefusal(walk.device, walk.twin, plainRecord(ContentType.ChangeCipherSpec, body), code);
    }
  });

  test('HelloRequest gets a warning each time, up to a bound', () => {
    const walk = at(State.Established);
    const twin = walk.twin as Twin12;
    for (let i = 1; i <= 4; i++) {
      walk.device.feed(seal(twin, message(HandshakeType.HelloRequest)));
      expect(twin.receive(walk.device.drain()).alerts).toEqual(Array(i).fill([1, Alert.NoRenegotiation]));
    }
    expect(walk.echo('still up')).toBe('still up');
    twin.alerts = [];
    // What came between them starts the count anew (RFC 5246 §7.2.2).
    for (let i = 1; i <= 4; i++) {
      walk.device.feed(seal(twin, message(HandshakeType.HelloRequest)));
      expect(twin.receive(walk.device.drain()).alerts).toEqual(Array(i).fill([1, Alert.NoRenegotiation]));
    }
    twin.alerts = [];
    expectRefusal(
      walk.device,
      twin,
      seal(twin, message(HandshakeType.HelloRequest)),
      ErrorCode.RenegotiationRefused,
    );
  });

  test('warnings are borne up to a bound; a fatal alert is not answered', () => {
    const walk = at(State.Established);
    const warning = () => walk.twin.write.seal(ContentType.Alert, Buffer.from([1, Alert.NoRenegotiation]));
    for (let i = 0; i < 4; i++) walk.device.feed(warning());
    expectRefusal(walk.device, walk.twin, warning(), ErrorCode.UnexpectedMessage);
    const second = at(State.Established);
    const fatal = second.twin.write.seal(ContentType.Alert, Buffer.from([2, Alert.InternalError]));
    expectRefusal(second.device, second.twin, fatal, ErrorCode.PeerAlert - Alert.InternalError);
  });

  test('close_notify is answered at once and ends both directions', () => {
    const walk = at(State.Established);
    walk.device.feed(walk.twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(walk.twin.receive(walk.device.drain()).alerts).toEqual([[1, 0]]);
    expect(walk.device.has(Flag.Closed)).toBe(true);
    expect(walk.device.has(Flag.Failed)).toBe(false);
    walk.free();
  });

  test('an empty ticket is none', () => {
    const path = paths(rows, State.ExpectTicket).find((p) => p[0]!.next === State.ExpectServerCertificate)!;
    const walk = new Walk(bench, issued, { roots: [authority.root.der] }, path, kept).run();
    const twin = walk.twin as Twin12;
    walk.device.feed(twin.send(twin.ticket(empty)));
    twin.startWriting();
    walk.device.feed(changeCipherSpec);
    walk.device.feed(twin.send(twin.finished()));
    expect(walk.device.has(Flag.HandshakeDone)).toBe(true);
    expect(walk.device.has(Flag.SessionReady)).toBe(false);
    walk.free();
  });

  test('a ticket is offered again with a random session id, an id as itself', () => {
    const [device, twin] = open({ session: kept.tls12.session, versions: [0x0303, 0x0303] });
    expect(twin.hello.extensions.get(ExtensionType.SessionTicket)!.toString()).toBe('ticket of old');
    expect(twin.hello.sessionId).toHaveLength(32);
    device.free();
  });
});
