// Rules of the record layer as the handshake and application data meet them: types, lengths, floods, alerts, closing.
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import {
  ContentType,
  ExtensionType,
  Flag,
  Grant,
  HandshakeType,
} from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { expectRefusal } from './refusal.js';
import type { Twin13 } from './twin13.js';
import { type Kept, keepSessions, paths, tableRows, Walk } from './walk.js';
import { changeCipherSpec, join, message, plainRecord, splitRecords, u8 } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
});

describe.each(await programs('client'))('records on %s', (_, bench) => {
  let kept: { tls13: Kept; tls12: Kept };
  beforeAll(() => {
    kept = keepSessions(bench, issued, { roots: [authority.root.der] }, rows);
  });
  const at = (state: State) =>
    new Walk(bench, issued, { roots: [authority.root.der] }, paths(rows, state)[0]!, kept).run();
  const up = [State.Connected, State.Established];

  test('what is no TLS record is refused by its header', () => {
    for (const [bytes, code] of [
      [Buffer.from('HTTP/1.1 400'), ErrorCode.UnexpectedRecord],
      [Buffer.from([22, 2, 0, 0, 9]), ErrorCode.ProtocolVersion],
      [Buffer.from([24, 3, 3, 0, 3]), ErrorCode.UnexpectedRecord],
      [Buffer.from([22, 3, 3, 0x40, 1]), ErrorCode.RecordOverflow],
    ] as const) {
      const walk = at(State.ExpectServerHello);
      expectRefusal(walk.device, walk.twin, bytes, code);
    }
    for (const [state, length] of [
      [State.Connected, 16384 + 257],
      [State.Established, 16384 + 2049],
    ] as const) {
      const walk = at(state);
      expectRefusal(
        walk.device,
        walk.twin,
        Buffer.from([23, 3, 3, length >> 8, length & 255]),
        ErrorCode.RecordOverflow,
      );
    }
  });

  test('the largest records are taken, a larger plaintext is not', () => {
    for (const state of up) {
      const walk = at(state);
      const most = Buffer.alloc(16384, 'x');
      expect(walk.device.feed(walk.twin.write.seal(ContentType.ApplicationData, most)).length).toBe(16384);
      const record = walk.twin.write.seal(ContentType.ApplicationData, Buffer.alloc(16385));
      expectRefusal(walk.device, walk.twin, record, ErrorCode.RecordOverflow);
    }
  });

  test('one wrong bit anywhere is bad_record_mac', () => {
    for (const state of up) {
      for (const bit of [0, 9, 20, 40]) {
        const walk = at(state);
        const record = walk.twin.write.seal(
          ContentType.ApplicationData,
          Buffer.from('twenty-odd bytes of text'),
        );
        record[5 + bit]! ^= 4;
        expectRefusal(walk.device, walk.twin, record, ErrorCode.BadRecordMac);
      }
    }
  });

  test('a record again, or one left out, is bad_record_mac', () => {
    const walk = at(State.Connected);
    const record = walk.twin.write.seal(ContentType.ApplicationData, Buffer.from('once'));
    walk.device.feed(record);
    expectRefusal(walk.device, walk.twin, record, ErrorCode.BadRecordMac);
    const second = at(State.Connected);
    second.twin.write.seal(ContentType.ApplicationData, Buffer.from('lost'));
    const later = second.twin.write.seal(ContentType.ApplicationData, Buffer.from('late'));
    expectRefusal(second.device, second.twin, later, ErrorCode.BadRecordMac);
  });

  test('TLS 1.3: padding is taken off, padding alone is unexpected_message', () => {
    const walk = at(State.Connected);
    const padded = walk.twin.write as Twin13['write'];
    expect(
      walk.device.feed(padded.seal(ContentType.ApplicationData, Buffer.from('x'), 5000)).toString(),
    ).toBe('x');
    expectRefusal(walk.device, walk.twin, padded.seal(0, Buffer.alloc(0), 30), ErrorCode.UnexpectedMessage);
  });

  test('TLS 1.3: nothing in the clear once there are keys, no inner ChangeCipherSpec', () => {
    for (const type of [ContentType.Alert, ContentType.Handshake]) {
      const walk = at(State.ExpectEncryptedExtensions);
      expectRefusal(
        walk.device,
        walk.twin,
        plainRecord(type, Buffer.from([2, 40])),
        ErrorCode.UnexpectedRecord,
      );
    }
    const walk = at(State.ExpectEncryptedExtensions);
    const inner = walk.twin.write.seal(ContentType.ChangeCipherSpec, u8(1));
    expectRefusal(walk.device, walk.twin, inner, ErrorCode.UnexpectedChangeCipherSpec);
  });

  test('ChangeCipherSpec records of TLS 1.3: any number up to a bound, one value', () => {
    const walk = at(State.ExpectEncryptedExtensions);
    for (let i = 0; i < 32; i++) walk.device.feed(changeCipherSpec);
    expectRefusal(walk.device, walk.twin, changeCipherSpec, ErrorCode.TooManyEmptyRecords);
    for (const body of [u8(2), Buffer.from([1, 1]), Buffer.alloc(0)]) {
      const other = at(State.ExpectServerHello);
      const record = plainRecord(ContentType.ChangeCipherSpec, body);
      expectRefusal(other.device, other.twin, record, ErrorCode.UnexpectedChangeCipherSpec);
    }
  });

  test('empty application data is borne up to a bound, and counted anew after data', () => {
    for (const state of up) {
      const walk = at(state);
      const nothing = () => walk.twin.write.seal(ContentType.ApplicationData, Buffer.alloc(0));
      for (let i = 0; i < 32; i++) walk.device.feed(nothing());
      walk.device.feed(walk.twin.write.seal(ContentType.ApplicationData, Buffer.from('x')));
      for (let i = 0; i < 32; i++) walk.device.feed(nothing());
      expectRefusal(walk.device, walk.twin, nothing(), ErrorCode.TooManyEmptyRecords);
    }
  });

  test('empty handshake and alert records, alerts of another length', () => {
    for (const state of [State.ExpectServerHello, ...up]) {
      const empty = at(state);
      const record = empty.twin.write.seal(ContentType.Handshake, Buffer.alloc(0));
      expectRefusal(empty.device, empty.twin, record, ErrorCode.UnexpectedRecord);
      for (const alert of [[2], [2, 40, 2, 40]]) {
        const walk = at(state);
        expectRefusal(
          walk.device,
          walk.twin,
          walk.twin.write.seal(ContentType.Alert, Buffer.from(alert)),
          ErrorCode.DecodeError,
        );
      }
    }
  });

  test('nothing comes between the parts of a message', () => {
    const walk = at(State.Connected);
    walk.device.feed(
      walk.twin.write.seal(ContentType.Handshake, Buffer.from([HandshakeType.NewSessionTicket, 0])),
    );
    const data = walk.twin.write.seal(ContentType.ApplicationData, Buffer.from('x'));
    expectRefusal(walk.device, walk.twin, data, ErrorCode.UnexpectedRecord);
    const early = at(State.ExpectServerHello);
    early.device.feed(plainRecord(ContentType.Handshake, Buffer.from([HandshakeType.ServerHello, 0])));
    expectRefusal(early.device, early.twin, changeCipherSpec, ErrorCode.UnexpectedChangeCipherSpec);
  });

  test('TLS 1.3 alerts are fatal whatever their level, user_canceled apart', () => {
    const walk = at(State.Connected);
    for (let i = 0; i < 4; i++)
      walk.device.feed(walk.twin.write.seal(ContentType.Alert, Buffer.from([1, 90])));
    const alert = walk.twin.write.seal(ContentType.Alert, Buffer.from([1, Alert.UnrecognizedName]));
    expectRefusal(walk.device, walk.twin, alert, ErrorCode.PeerAlert - Alert.UnrecognizedName);
    const flood = at(State.Connected);
    for (let i = 0; i < 4; i++)
      flood.device.feed(flood.twin.write.seal(ContentType.Alert, Buffer.from([1, 90])));
    const last = flood.twin.write.seal(ContentType.Alert, Buffer.from([1, 90]));
    expectRefusal(flood.device, flood.twin, last, ErrorCode.UnexpectedMessage);
  });

  test('a fatal alert during the handshake ends it, unanswered', () => {
    const walk = at(State.ExpectServerHello);
    const record = plainRecord(ContentType.Alert, Buffer.from([2, Alert.HandshakeFailure]));
    expectRefusal(walk.device, walk.twin, record, ErrorCode.PeerAlert - Alert.HandshakeFailure);
    const close = at(State.ExpectServerHello);
    expectRefusal(
      close.device,
      close.twin,
      plainRecord(ContentType.Alert, Buffer.from([1, 0])),
      ErrorCode.PeerAlert,
    );
  });

  test('TLS 1.3: each direction closes by itself', () => {
    const walk = at(State.Connected);
    walk.device.feed(walk.twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(walk.device.has(Flag.PeerClosed)).toBe(true);
    expect(walk.device.has(Flag.WantsInput)).toBe(false);
    walk.twin.receive(walk.device.write(Buffer.from('a last word')));
    expect(walk.twin.applicationData.toString()).toBe('a last word');
    expect(walk.twin.receive(walk.device.close()).alerts).toEqual([[1, 0]]);
    expect(walk.device.has(Flag.Closed)).toBe(true);
    walk.free();

    const other = at(State.Connected);
    expect(other.twin.receive(other.device.close()).alerts).toEqual([[1, 0]]);
    expect(other.device.has(Flag.PlaintextRoom)).toBe(false);
    expect(
      other.device.feed(other.twin.write.seal(ContentType.ApplicationData, Buffer.from('more'))).toString(),
    ).toBe('more');
    expect(other.device.has(Flag.Closed)).toBe(false);
    other.device.feed(other.twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
    expect(other.device.has(Flag.Closed)).toBe(true);
    other.free();
  });

  test('KeyUpdate and tickets: wrong ones, two in a record, floods, and one answer for several requests', () => {
    const bad = (part: Buffer, code: ErrorCode) => {
      const walk = at(State.Connected);
      expectRefusal(walk.device, walk.twin, walk.twin.write.seal(ContentType.Handshake, part), code);
    };
    bad(message(HandshakeType.KeyUpdate, u8(2)), ErrorCode.IllegalParameter);
    bad(message(HandshakeType.KeyUpdate, Buffer.from([0, 0])), ErrorCode.DecodeError);
    bad(message(HandshakeType.KeyUpdate), ErrorCode.DecodeError);
    const once = message(HandshakeType.KeyUpdate, u8(0));
    bad(join(once, once), ErrorCode.UnexpectedMessage);

    const flood = at(State.Connected);
    const twin = flood.twin as Twin13;
    for (let i = 0; i < 32; i++) flood.device.feed(twin.keyUpdate(0));
    expectRefusal(flood.device, twin, twin.keyUpdate(0), ErrorCode.UnexpectedMessage);

    const tickets = at(State.Connected);
    const ticket = () => tickets.twin.write.seal(ContentType.Handshake, (tickets.twin as Twin13).ticket());
    for (let i = 0; i < 32; i++) tickets.device.feed(ticket());
    expectRefusal(tickets.device, tickets.twin, ticket(), ErrorCode.UnexpectedMessage);

    const walk = at(State.Connected);
    const server = walk.twin as Twin13;
    for (let i = 0; i < 5; i++) walk.device.feed(server.keyUpdate(1));
    // RFC 9846 §4.7.3: one answer, before the next application data and not sooner.
    expect(walk.device.drain()).toHaveLength(0);
    const records = splitRecords(walk.device.write(Buffer.from('after the answer')));
    expect(records).toHaveLength(2);
    for (const record of records) server.receive(record);
    expect(server.messages.filter((m) => m[0] === HandshakeType.KeyUpdate)).toEqual([
      message(HandshakeType.KeyUpdate, u8(0)),
    ]);
    expect(server.applicationData.toString()).toBe('after the answer');
    server.applicationData = Buffer.alloc(0);
    expect(walk.echo('under new keys')).toBe('under new keys');
    expect(server.messages.filter((m) => m[0] === HandshakeType.KeyUpdate)).toHaveLength(1);
    // One of our own is an answer, too.
    walk.device.feed(server.keyUpdate(1));
    server.receive(walk.device.keyUpdate(false));
    server.applicationData = Buffer.alloc(0);
    expect(walk.echo('and again')).toBe('and again');
    expect(server.messages.filter((m) => m[0] === HandshakeType.KeyUpdate)).toHaveLength(2);
    walk.free();
  });

  test('a KeyUpdate that is due goes before the largest record, and before a delivery', () => {
    const walk = at(State.Connected);
    const server = walk.twin as Twin13;
    walk.device.feed(server.keyUpdate(1));
    const data = Buffer.alloc(20_000, 'x');
    for (const record of splitRecords(walk.device.write(data))) server.receive(record);
    expect(server.applicationData.equals(data)).toBe(true);
    walk.device.feed(server.keyUpdate(1));
    const before = walk.device.get('recordsSent');
    const secrets = walk.device.deliver(Grant.Session);
    expect(walk.device.get('recordsSent')).toBe(before + 1);
    expect(walk.device.get('clientEpochStart')).toBe(before + 1);
    server.receive(walk.device.drain());
    expect(Buffer.from(secrets.subarray(0, 32)).equals(server.clientSecret)).toBe(true);
    walk.free();
  });

  test.each(up)('warnings and requests are counted between application data alone (%s)', (state) => {
    const walk = at(state);
    const seal = (type: ContentType, part: Uint8Array) => walk.twin.write.seal(type, part);
    const canceled = () => seal(ContentType.Alert, Buffer.from([1, Alert.UserCanceled]));
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 4; i++) walk.device.feed(canceled());
      walk.twin.applicationData = Buffer.alloc(0);
      expect(walk.echo('data')).toBe('data');
    }
    for (let i = 0; i < 4; i++) walk.device.feed(canceled());
    // An empty record is no data.
    walk.device.feed(seal(ContentType.ApplicationData, Buffer.alloc(0)));
    expectRefusal(walk.device, walk.twin, canceled(), ErrorCode.UnexpectedMessage);
  });

  test('nothing may come behind a HelloRetryRequest in its record', () => {
    for (const rest of [Buffer.from([2]), Buffer.from([2, 0, 0, 90, 3]), Buffer.alloc(300, 2)]) {
      const walk = at(State.ExpectServerHello);
      const twin = walk.twin as Twin13;
      const retry = twin.retry([[ExtensionType.KeyShare, Buffer.from([0, 23])]]);
      const record = plainRecord(ContentType.Handshake, join(retry.subarray(5), rest));
      expectRefusal(walk.device, twin, record, ErrorCode.UnexpectedMessage);
    }
  });

  test('nothing may come behind a ServerHelloDone in its record, be it whole, torn, or in parts', () => {
    for (const state of [State.ExpectRequestOrDone, State.ExpectServerHelloDone]) {
      for (const rest of [
        Buffer.from([4]),
        message(HandshakeType.NewSessionTicket, Buffer.alloc(6)),
        Buffer.from([20, 0, 0, 12]),
      ]) {
        const whole = at(state);
        whole.twin.send(message(HandshakeType.ServerHelloDone));
        const done = join(message(HandshakeType.ServerHelloDone), rest);
        expectRefusal(
          whole.device,
          whole.twin,
          plainRecord(ContentType.Handshake, done),
          ErrorCode.UnexpectedMessage,
        );
        const parts = at(state);
        parts.twin.send(message(HandshakeType.ServerHelloDone));
        parts.device.feed(plainRecord(ContentType.Handshake, done.subarray(0, 2)));
        expectRefusal(
          parts.device,
          parts.twin,
          plainRecord(ContentType.Handshake, done.subarray(2)),
          ErrorCode.UnexpectedMessage,
        );
      }
    }
  });

  test('the counters of records and bytes tell what went over the wire', () => {
    const walk = at(State.Connected);
    const device = walk.device;
    // ClientHello, ChangeCipherSpec, Finished; ServerHello and five or fewer records of the server.
    expect(device.get('recordsSent')).toBe(device.get('clientEpochStart'));
    expect(device.get('recordsReceived')).toBe(device.get('originEpochStart'));
    const [sent, received, sealed, opened] = [
      'recordsSent',
      'recordsReceived',
      'bytesSealed',
      'bytesOpened',
    ].map((n) => device.get(n));
    walk.echo('four');
    expect(device.get('recordsSent')).toBe(sent! + 1);
    expect(device.get('recordsReceived')).toBe(received! + 1);
    expect(device.get('bytesSealed')).toBe(sealed! + 4);
    expect(device.get('bytesOpened')).toBe(opened! + 4);
    (walk.twin as Twin13).receive(device.keyUpdate(false));
    expect(device.get('clientEpochStart')).toBe(sent! + 2);
    walk.free();

    const old = at(State.Established);
    // The Finished is the first record of an epoch of TLS 1.2, and has been sealed.
    expect(old.device.get('recordsSent')).toBe(old.device.get('clientEpochStart') + 1);
    expect(old.device.get('recordsReceived')).toBe(old.device.get('originEpochStart') + 1);
    old.free();
  });
});
