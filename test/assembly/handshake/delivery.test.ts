import { beforeAll, describe, expect, test } from 'vitest';
import { ContentType, Flag, Grant } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import { type Authority, createAuthority, type Issued } from '../../../host/cli/demo/authority/authority.js';
import { type Bench, programs } from '../programs.js';
import type { DeviceOptions } from './device.js';
import { expandLabel, prf } from './twin_schedule.js';
import type { Twin12 } from './twin12.js';
import { Twin13 } from './twin13.js';
import { type KeptAll, keepSessions, paths, tableRows, Walk } from './walk.js';
import { join } from './wire.js';

const [, primitives] = (await programs('primitives'))[0]!;
const rows = tableRows(primitives);

let authority: Authority;
let issued: Issued;
let rsa: Issued;
beforeAll(async () => {
  authority = await createAuthority({ keyType: 'ec-p256' });
  issued = await authority.issue({ names: ['origin.test'], keyType: 'ec-p256' });
  rsa = await authority.issue({ names: ['origin.test'], keyType: 'rsa-2048' });
});

describe.each(await programs('client'))('delivery on %s', (_, bench) => {
  const options = (more: DeviceOptions = {}) => ({ roots: [authority.root.der], ...more });
  let kept: KeptAll;
  beforeAll(() => {
    kept = keepSessions(bench, issued, options(), rows, rsa);
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
  test('delivers the traffic secrets of TLS 1.3, once, and seals nothing more', () => {
    for (const grant of [Grant.Session, Grant.Full]) {
      const walk = new Walk(bench, issued, options(), full(State.Connected)).run();
      const twin = walk.twin as Twin13;
      const device = walk.device;
      expect(() => device.deliver(9)).toThrow('GrantRefused');
      twin.receive(device.keyUpdate(false));
      expect(Buffer.from(device.deliver(grant))).toEqual(join(twin.clientSecret, twin.serverSecret));
      expect(device.has(Flag.Delivered)).toBe(true);
      expect(device.has(Flag.PlaintextRoom)).toBe(false);
      expect(() => device.deliver(grant)).toThrow('AlreadyDelivered');
      expect(() => device.write(Buffer.from('x'))).toThrow('no room');
      expect(() => device.keyUpdate(true)).toThrow('WrongState');
      expect(() => device.exporter('EXPORTER-x', undefined, 16)).toThrow('WrongState');
      // Opening goes on, over the server's key updates and tickets too; nothing is sent in answer.
      const data = () => twin.write.seal(ContentType.ApplicationData, Buffer.from('still read'));
      expect(device.feed(data()).toString()).toBe('still read');
      device.feed(twin.keyUpdate(1));
      expect(device.feed(data()).toString()).toBe('still read');
      device.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
      expect(device.session()).toBeDefined();
      device.feed(twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
      expect(device.has(Flag.Closed)).toBe(true);
      expect(device.close()).toHaveLength(0);
      walk.free();
    }
  });

  test('delivers the handshake traffic secrets once, behind a delivery, and not after application data', () => {
    for (const grant of [Grant.Observe, Grant.Epoch, Grant.Session, Grant.Resume, Grant.Full]) {
      const walk = new Walk(bench, issued, options(), full(State.Connected)).run();
      const { client, server } = (walk.twin as Twin13).passing as { client: Buffer; server: Buffer };
      expect(() => walk.device.deliverHandshake()).toThrow('WrongState');
      walk.device.deliver(grant);
      expect(Buffer.from(walk.device.deliverHandshake())).toEqual(join(client, server));
      expect(walk.device.deliverHandshake()).toHaveLength(0);
      walk.free();
    }
    const late = new Walk(bench, issued, options(), full(State.Connected)).run();
    late.device.write(Buffer.from('x'));
    late.device.deliver(Grant.Session);
    expect(late.device.deliverHandshake()).toHaveLength(0);
    late.free();
    const old = new Walk(bench, issued, options(), full(State.Established)).run();
    old.device.deliver(Grant.Session);
    expect(old.device.deliverHandshake()).toHaveLength(0);
    old.free();
  });

  test('delivers the key block or the master secret of TLS 1.2', () => {
    const session = new Walk(bench, issued, options(), full(State.Established)).run();
    const twin = session.twin as Twin12;
    const block = prf(twin.master, 'key expansion', join(twin.random, twin.hello.random), 40);
    expect(Buffer.from(session.device.deliver(Grant.Session))).toEqual(block);
    expect(session.device.feed(twin.write.seal(23, Buffer.from('read'))).toString()).toBe('read');
    // Even a close_notify or a broken record is met in silence.
    expect(() => session.device.feed(Buffer.from([23, 3, 3, 0, 40, ...Buffer.alloc(40)]))).toThrow(
      'BadRecordMac',
    );
    expect(session.device.drain()).toHaveLength(0);
    session.free();
    const whole = new Walk(bench, issued, options(), full(State.Established)).run();
    expect(Buffer.from(whole.device.deliver(Grant.Full))).toEqual((whole.twin as Twin12).master);
    whole.free();
  });

  test('delivers nothing before the handshake is done, nor after the end', () => {
    const early = at(State.ExpectFinished);
    expect(() => early.device.deliver(Grant.Session)).toThrow('WrongState');
    early.free();
    const late = at(State.Connected);
    late.device.close();
    expect(() => late.device.deliver(Grant.Session)).toThrow('WrongState');
    late.free();
  });

  describe('secrets in memory', () => {
    /** Which of `secrets` lie in the program's memory. */
    const found = (bench: Bench, secrets: Record<string, Uint8Array>) => {
      const memory = Buffer.from(bench.program.memory());
      return Object.keys(secrets).filter((name) => memory.includes(Buffer.from(secrets[name]!)));
    };

    test('are found while they are needed, and gone after connectionFree', () => {
      const plaintext = Buffer.from('a secret plaintext that nobody may read');
      const walk = new Walk(
        bench,
        issued,
        options({ session: kept.tls13.session }),
        full(State.Connected),
      ).run();
      const twin = walk.twin as Twin13;
      const secrets = {
        client: Buffer.from(twin.clientSecret),
        server: Buffer.from(twin.serverSecret),
        key: expandLabel(twin.clientSecret, 'key', Buffer.alloc(0), 16),
        serverKey: expandLabel(twin.serverSecret, 'key', Buffer.alloc(0), 16),
        resumption: twin.resumptionMaster,
        ticket: twin.ticketSecret(),
        offered: kept.tls13.secret,
        plaintext,
      };
      expect(found(bench, secrets)).toEqual(expect.arrayContaining(['client', 'server', 'resumption']));
      expect(found(bench, { offered: kept.tls13.secret })).toEqual([]);
      walk.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
      walk.echo(plaintext.toString());
      walk.free();
      expect(found(bench, secrets)).toEqual([]);
    });

    test('of the handshake alone are gone when it is done, whatever the group', () => {
      for (const path of paths(rows)) {
        const walk = new Walk(bench, issued, options(), path, kept).run();
        const { twin } = walk;
        const {
          client: _,
          server: __,
          ...passing
        }: Record<string, Buffer> = twin instanceof Twin13
          ? twin.passing
          : twin.premaster.length > 0
            ? { premaster: twin.premaster }
            : {};
        expect(found(bench, passing)).toEqual([]);
        walk.free();
      }
    });

    test('of both handshake flights wait for a delivery alone', () => {
      for (const end of ['deliver', 'write', 'close'] as const) {
        const walk = new Walk(bench, issued, options(), full(State.Connected)).run();
        const { client, server } = (walk.twin as Twin13).passing as { client: Buffer; server: Buffer };
        expect(found(bench, { client, server })).toEqual(['client', 'server']);
        if (end === 'deliver') {
          walk.device.deliver(Grant.Session);
          expect(Buffer.from(walk.device.deliverHandshake())).toEqual(join(client, server));
        } else if (end === 'write') walk.device.write(Buffer.from('x'));
        else walk.device.close();
        expect(found(bench, { client, server })).toEqual([]);
        walk.free();
      }
    });

    test('of TLS 1.2 too, and of a client key', async () => {
      const own = await authority.issue({ names: ['me'], keyType: 'ec-p256', isClient: true });
      const path = paths(rows, State.Established).find((p) => p.some((r) => r.message === 13))!;
      const walk = new Walk(bench, issued, options({ clientCertificate: own }), path).run();
      const twin = walk.twin as Twin12;
      const block = prf(twin.master, 'key expansion', join(twin.random, twin.hello.random), 40);
      const scalar = Buffer.from(own.key.export({ format: 'jwk' }).d!, 'base64url');
      const reversed = Buffer.from(scalar).reverse();
      const secrets = {
        master: twin.master,
        client: block.subarray(0, 16),
        server: block.subarray(16, 32),
        scalar,
        reversed,
      };
      expect(found(bench, { scalar, reversed })).toEqual([]);
      expect(found(bench, { master: twin.master })).toEqual(['master']);
      walk.free();
      expect(found(bench, secrets)).toEqual([]);
    });

    test('are gone after a failure, a close and a delivery as well', () => {
      for (const end of ['fail', 'close', 'deliver'] as const) {
        const walk = new Walk(bench, issued, options(), full(State.Connected)).run();
        const twin = walk.twin as Twin13;
        if (end === 'fail')
          expect(() => walk.device.feed(twin.write.seal(ContentType.Alert, Buffer.from([2, 80])))).toThrow();
        if (end === 'close') {
          walk.device.feed(twin.write.seal(ContentType.Alert, Buffer.from([1, 0])));
          walk.device.close();
        }
        if (end === 'deliver') walk.device.deliver(Grant.Session);
        const left = found(bench, {
          client: twin.clientSecret,
          server: twin.serverSecret,
          resumption: twin.resumptionMaster,
        });
        // After a delivery the server's records are still opened, its tickets still understood.
        expect(left, end).toEqual(end === 'deliver' ? ['server', 'resumption'] : []);
        walk.free();
      }
    });
  });
});
