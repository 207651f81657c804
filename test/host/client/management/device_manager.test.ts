// What a managed device obeys, and what nobody who carries its orders can make it do.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { rootList } from '../../../../boards/parts/roots.js';
import { createAuthority } from '../../../../host/cli/demo/authority/authority.js';
import { DeviceManager, keptRoots, keptSettings } from '../../../../host/client/management/device_manager.js';
import type { ManagementOptions } from '../../../../host/client/options.js';
import { Command, encodeOrder, type Order } from '../../../../host/delegation/order.js';
import { TlsEngine } from '../../../../host/engine/tls.js';
import type { Platform, Storage } from '../../../../host/platform/platform.js';
import { programs } from '../../../assembly/programs.js';

/** Storage that outlasts the managers made over it. */
class Flash implements Storage {
  readonly kept = new Map<string, Uint8Array>();
  broken = false;
  load = (key: string) => this.kept.get(key)?.slice();
  store(key: string, bytes: Uint8Array): boolean {
    if (this.broken) return false;
    if (bytes.length === 0) this.kept.delete(key);
    else this.kept.set(key, bytes.slice());
    return true;
  }
}

const keys = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: generateKeyPairSync('ed25519'),
};
const strangers = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
const engines = (await programs('client')).map(
  ([name, { program }]) => [name, new TlsEngine(program)] as const,
);

const signed = (order: Order | Uint8Array, key: KeyObject) => {
  const bytes = order instanceof Uint8Array ? order : encodeOrder(order);
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return { order: bytes, signature: new Uint8Array(sign(digest, bytes, key)) };
};

let oldRoots: Buffer;
let newRoots: Buffer;
beforeAll(async () => {
  const { der } = (await createAuthority()).root;
  oldRoots = await rootList(20_250_101, [der]);
  newRoots = await rootList(20_260_101, [der]);
});

describe.each(engines)('a managed device on %s', (_, engine) => {
  function device(kind: keyof typeof keys = 'P-256', flash = new Flash(), roots: unknown = oldRoots) {
    const seen: string[] = [];
    const options: ManagementOptions = {
      device: 'palm-7',
      firmware: '1.2',
      key: keys[kind].publicKey.export({ type: 'spki', format: 'pem' }) as string,
      onNotice: (text) => seen.push(`notice ${text}`),
      onSettings: (settings) => seen.push(`settings ${[...settings].flat()}`),
    };
    const platform = { storage: flash, heapPeak: () => 300_000 } as unknown as Platform;
    const manager = new DeviceManager({ engine, platform, options }, keptRoots(flash, roots) ?? roots, {
      replaceRoots: (file) => seen.push(`roots ${file.length}`),
      forget: () => seen.push('forgot'),
      onTime: () => seen.push('time'),
    });
    const give = (order: Order | Uint8Array, key: KeyObject = keys[kind].privateKey) =>
      manager.receive(signed(order, key));
    return { seen, flash, manager, give };
  }
  const notice = (counter: number, more: Partial<Order> = {}) =>
    ({ device: 'palm-7', counter, command: Command.Notice, text: `number ${counter}`, ...more }) as Order;

  test.each(['P-256', 'Ed25519'] as const)(
    'obeys what its key of %s has signed, and says how it stands',
    (kind) => {
      const { seen, flash, manager, give } = device(kind);
      expect(manager.report()).toMatchObject({
        device: 'palm-7',
        firmware: '1.2',
        roots: 20_250_101,
        memory: 293,
        counter: 0,
      });
      flash.kept.set('tickets', Uint8Array.of(1)).set('token', Uint8Array.of(2));
      const all: Order[] = [
        notice(1),
        { device: '*', counter: 5, command: Command.Settings, settings: [['timeout', '30']] },
        { device: 'palm-7', counter: 6, command: Command.Settings, settings: [['tls', '1.3']] },
        { device: 'palm-7', counter: 7, command: Command.Forget },
        { device: '*', counter: 8, command: Command.Roots, roots: newRoots },
      ];
      for (const order of all)
        expect(give(order)).toMatchObject({ counter: order.counter, command: order.command, code: 'DONE' });
      expect(seen).toEqual([
        'notice number 1',
        'settings timeout,30',
        'settings timeout,30,tls,1.3',
        'forgot',
        `roots ${newRoots.length}`,
      ]);
      expect(manager.report()).toMatchObject({ roots: 20_260_101, counter: 8 });
      expect([...flash.kept.keys()].sort()).toEqual(['manage-counter', 'roots', 'settings']);
      expect(keptSettings(flash).get('timeout')).toBe('30');
      // After a restart too.
      expect(device(kind, flash).manager.report()).toMatchObject({ roots: 20_260_101, counter: 8 });
    },
  );

  test('obeys nothing that another key signed, that was changed, or that is for another device', () => {
    const { seen, manager, give } = device();
    expect(give(notice(1), strangers.privateKey)).toMatchObject({ code: 'BAD_SIGNATURE' });
    expect(give(notice(1), keys.Ed25519.privateKey)).toMatchObject({ code: 'BAD_SIGNATURE' });
    expect(give(notice(1, { device: 'palm-8' }))).toMatchObject({ code: 'OTHER_DEVICE', counter: 1 });
    const { order, signature } = signed(notice(1), keys['P-256'].privateKey);
    for (let at = 0; at < order.length; at++) {
      const changed = order.slice();
      changed[at]! ^= 1;
      expect(manager.receive({ order: changed, signature }).code).toBe('BAD_SIGNATURE');
    }
    for (let length = 0; length < signature.length; length++)
      expect(manager.receive({ order, signature: signature.slice(0, length) }).code).toBe('BAD_SIGNATURE');
    expect(seen).toEqual([]);
    expect(manager.receive({ order, signature }).code).toBe('DONE');
  });

  test('obeys each order once, after a restart too, and none from before', () => {
    const first = device();
    expect(first.give(notice(3)).code).toBe('DONE');
    for (const counter of [3, 2, 0]) expect(first.give(notice(counter)).code).toBe('REPLAYED');
    const restarted = device('P-256', first.flash);
    for (const counter of [3, 1]) expect(restarted.give(notice(counter)).code).toBe('REPLAYED');
    expect(restarted.give(notice(4)).code).toBe('DONE');
    expect(restarted.seen).toEqual(['notice number 4']);
    // A counter that is lost is not a counter of zero.
    first.flash.kept.set('manage-counter', Uint8Array.of(1, 2, 3));
    expect(device('P-256', first.flash).give(notice(9)).code).toBe('COUNTER_LOST');
  });

  test('obeys nothing while it can not keep the counter', () => {
    const { seen, flash, give } = device();
    flash.broken = true;
    expect(give(notice(1)).code).toBe('NOT_KEPT');
    expect(seen).toEqual([]);
    flash.broken = false;
    expect(give(notice(1)).code).toBe('DONE');
  });

  test('takes no roots that are older, the same, damaged or none', () => {
    const { seen, flash, give } = device('P-256', new Flash(), newRoots);
    const roots = (counter: number, file: Uint8Array): Order => ({
      ...{ device: '*', counter, command: Command.Roots },
      roots: file,
    });
    expect(give(roots(1, oldRoots)).code).toBe('OLD_ROOTS');
    expect(give(roots(2, newRoots)).code).toBe('OLD_ROOTS');
    const damaged = Buffer.from(newRoots);
    damaged.writeUInt32BE(20_270_101, 7);
    expect(give(roots(3, damaged.subarray(0, -1))).code).toBe('BAD_ROOTS');
    expect(give(roots(4, Buffer.from('-----BEGIN CERTIFICATE-----'))).code).toBe('BAD_ROOTS');
    expect(seen).toEqual([]);
    expect(flash.kept.has('roots')).toBe(false);
    expect(give(roots(5, damaged)).code).toBe('DONE');
    // Firmware that is newer than what was kept brings newer roots.
    damaged.writeUInt32BE(20_280_101, 7);
    expect(keptRoots(flash, damaged)).toBeUndefined();
    expect(keptRoots(flash, newRoots)).toBeDefined();
  });

  test('answers signed nonsense with why it is none, and the time that nobody asked for too', () => {
    const { manager, give } = device();
    const whole = encodeOrder(notice(1));
    for (let length = 0; length < whole.length; length++)
      expect(give(whole.slice(0, length)).code).toMatch(/^FRAME_/);
    expect(give(Buffer.concat([whole, Buffer.of(0)])).code).toBe('FRAME_TRAILING_BYTES');
    const unknown = whole.slice();
    unknown[7 + 1 + 'palm-7'.length + 8] = 99;
    expect(give(unknown).code).toBe('FRAME_BAD_FIELD');
    const time = { command: Command.Time as const, nonce: new Uint8Array(16), milliseconds: 1 };
    expect(give({ device: '*', counter: 9, ...time }).code).toBe('NOT_ASKED');
    expect(manager.report().counter).toBe(0);
  });

  const spki = (key: KeyObject) => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

  /** A device without a clock or storage; what its clock is set to. */
  function timeless(options: Partial<ManagementOptions> = {}) {
    const clock = { now: 0, set: [] as number[] };
    const platform = {
      entropy: (length: number) => new Uint8Array(randomBytes(length)),
      now: () => clock.now,
      setTime: (milliseconds: number) => clock.set.push(milliseconds),
    } as unknown as Platform;
    const manager = new DeviceManager(
      {
        engine,
        platform,
        options: {
          ...{ device: 'palm-7', firmware: '1', key: spki(keys['P-256'].publicKey), builtAt: 1000 },
          ...{ timeKey: spki(keys.Ed25519.publicKey), ...options },
        },
      },
      undefined,
      { replaceRoots() {}, forget() {}, onTime() {} },
    );
    const { nonce } = manager.report();
    const time = (
      milliseconds: number,
      key: KeyObject,
      more: Partial<Extract<Order, { nonce: unknown }>> = {},
    ) =>
      manager.receive(
        signed({ device: 'palm-7', counter: 0, command: Command.Time, nonce, milliseconds, ...more }, key),
      ).code;
    return { clock, manager, nonce, time };
  }

  test.each(['P-256', 'Ed25519'] as const)(
    'without a clock believes one answer to its own question by %s',
    (kind) => {
      const { clock, manager, nonce, time } = timeless();
      expect(nonce).not.toEqual(timeless().nonce);
      expect(time(5000, strangers.privateKey)).toBe('BAD_SIGNATURE');
      expect(time(5000, keys[kind].privateKey, { nonce: timeless().nonce })).toBe('NOT_ASKED');
      expect(time(5000, keys[kind].privateKey, { nonce: new Uint8Array(16) })).toBe('NOT_ASKED');
      expect(time(5000, keys[kind].privateKey, { device: 'palm-8' })).toBe('OTHER_DEVICE');
      expect(time(999, keys[kind].privateKey)).toBe('TOO_EARLY');
      expect(clock.set).toEqual([]);
      expect(time(5000, keys[kind].privateKey)).toBe('DONE');
      expect(time(5000, keys[kind].privateKey)).toBe('NOT_ASKED');
      expect(clock.set).toEqual([5000]);
      expect(manager.report().nonce).toEqual(new Uint8Array(16));
    },
  );

  test('lets the key for the time do nothing else, and obeys nothing with a counter without storage', () => {
    const { manager } = timeless();
    expect(manager.receive(signed(notice(1), keys.Ed25519.privateKey)).code).toBe('BAD_SIGNATURE');
    expect(manager.receive(signed(notice(1), keys['P-256'].privateKey)).code).toBe('NO_STORAGE');
  });

  test('is not made by a key that is none', () => {
    expect(() => timeless({ key: 'no key' })).toThrow(expect.objectContaining({ code: 'BAD_PEM' }));
  });
});
