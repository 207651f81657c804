// The table of legal message sequences, enumerated: every way through it completes, and in every state every other
// message is unexpected_message.
import { beforeAll, describe, expect, test } from 'vitest';
import { Alert, ErrorCode } from '../../../assembly/alert.js';
import { ContentType, Flag, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { DeviceError } from './device.js';
import {
  changeCipherSpecRow,
  emptyMessage,
  isOld,
  isUp,
  type KeptAll,
  keepSessions,
  pathName,
  paths,
  tableRows,
  Walk,
} from './walk.js';
import { changeCipherSpec } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);
const states = [...new Set(rows.map((row) => row.state))];
const types = [...Array.from({ length: 26 }, (_, i) => i), 67, 254];

let authority: Authority;
let issued: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

test('the table names every state that awaits something', () => {
  const named = Object.values(State).filter((s): s is State => typeof s === 'number');
  expect(named.filter((s) => s !== State.Idle && s !== State.Closed).sort()).toEqual([...states].sort());
  expect(rows.length).toBe(27);
});

describe.each(await programs('client'))('message sequences on %s', (_, bench) => {
  let kept: KeptAll;
  const options = () => ({ roots: [authority.root.der] });
  beforeAll(() => {
    kept = keepSessions(bench, issued, options(), rows, rsa);
  });

  test.each(paths(rows).map((path) => [pathName(path), path] as const))('%s completes', (_, path) => {
    const walk = new Walk(bench, issued, options(), path, kept).run();
    expect(walk.device.has(Flag.HandshakeDone)).toBe(true);
    expect(walk.device.get('resumed')).toBe(walk.resumes ? 1 : 0);
    expect(walk.echo('to and fro')).toBe('to and fro');
    expect(walk.twin.alerts).toEqual([]);
    walk.free();
  });

  test.each(states.map((state) => [State[state], state] as const))('%s awaits nothing else', (_, state) => {
    const [path] = paths(rows, state);
    const legal = new Set(rows.filter((row) => row.state === state).map((row) => row.message));
    for (const type of types.filter((type) => !legal.has(type))) {
      const walk = new Walk(bench, issued, options(), path!, kept).run();
      const ignored =
        type === HandshakeType.HelloRequest && isOld(state) && state !== State.ExpectServerFinished;
      const feed = () => walk.device.feed(walk.twin.write.seal(ContentType.Handshake, emptyMessage(type)));
      if (ignored) feed();
      else {
        expect(feed, `message ${type}`).toThrow(DeviceError);
        expect(walk.device.get('lastError')).toBe(ErrorCode.UnexpectedMessage);
        expect(walk.twin.receive(walk.device.drain()).alerts).toEqual([[2, Alert.UnexpectedMessage]]);
      }
      walk.free();
    }
  });

  test.each(states.map((state) => [State[state], state] as const))(
    '%s takes a ChangeCipherSpec only where one may come',
    (_, state) => {
      const [path] = paths(rows, state);
      const walk = new Walk(bench, issued, options(), path!, kept).run();
      const dropped = !isOld(state) && state !== State.Connected; // RFC 9846 §5
      const legal = rows.some((row) => row.state === state && row.message === changeCipherSpecRow);
      const old = isOld(state) && isUp(state);
      const record = old
        ? walk.twin.write.seal(ContentType.ChangeCipherSpec, Buffer.from([1]))
        : changeCipherSpec;
      if (dropped || legal) walk.device.feed(record);
      else if (state === State.ExpectServerFinished)
        expect(() => walk.device.feed(record)).toThrow(DeviceError);
      else {
        expect(() => walk.device.feed(record)).toThrow('UnexpectedChangeCipherSpec');
        expect(walk.twin.receive(walk.device.drain()).alerts).toEqual([[2, Alert.UnexpectedMessage]]);
      }
      walk.free();
    },
  );
});
