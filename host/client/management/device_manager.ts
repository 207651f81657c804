// Obeys orders (R26) that are signed by the management key of this device's firmware, each once: the counter of the last one is
// kept before it is obeyed. Who carries an order can drop it, and no more.
import { FieldWriter } from '../../delegation/bytes.js';
import { DeputyError } from '../../delegation/error.js';
import { FrameType } from '../../delegation/frame.js';
import type { Device, Manage, Managed } from '../../delegation/message.js';
import {
  Command,
  decodeOrder,
  EVERY_DEVICE,
  encodeOrder,
  NONCE_BYTES,
  type Order,
  type SignedOrder,
} from '../../delegation/order.js';
import { NULL_SESSION_ID } from '../../delegation/session_id.js';
import type { TlsEngine } from '../../engine/tls.js';
import type { Platform, Storage } from '../../platform/platform.js';
import type { ManagementOptions } from '../options.js';
import { publicKey } from '../tls/pem.js';
import { describeRoots, isRootList, rootListVersion } from '../tls/root_list.js';

/** What an order changes beside storage. */
export interface Effects {
  /** The platform knows the time now. */
  onTime(): void;
  replaceRoots(file: Uint8Array): void;
  forget(): void;
}

const COUNTER = 'manage-counter';
const ROOTS = 'roots';
const SETTINGS = 'settings';
/** What Forget erases: tickets, of whatever part of the client, and the token. */
const SECRETS = ['tickets', 'token'] as const;

/** What has a counter is not obeyed where no counter outlasts a restart. */
const NO_STORAGE: Storage = { load: () => undefined, store: () => false };

/** The roots that an order brought, where they are newer than those given; a file that is damaged is nobody's. */
export function keptRoots(storage: Storage, given: unknown): Uint8Array | undefined {
  const kept = storage.load(ROOTS);
  if (!isRootList(kept)) return undefined;
  return rootListVersion(kept) > versionOf(given) ? kept : undefined;
}

const versionOf = (roots: unknown): number => (isRootList(roots) ? rootListVersion(roots) : 0);

export class DeviceManager {
  readonly #engine: TlsEngine;
  readonly #platform: Platform;
  readonly #storage: Storage;
  readonly #options: ManagementOptions;
  readonly #key: Uint8Array;
  readonly #timeKey: Uint8Array | undefined;
  /** What a Time order has to answer; undefined where none may. */
  readonly #nonce: Uint8Array | undefined;
  #isAnswered = false;
  readonly #changed: Effects;
  #rootsVersion: number;

  /** `roots` are those in force. Throws BAD_PEM. */
  constructor(
    { engine, platform, options }: { engine: TlsEngine; platform: Platform; options: ManagementOptions },
    roots: unknown,
    changed: Effects,
  ) {
    this.#engine = engine;
    this.#platform = platform;
    this.#storage = platform.storage ?? NO_STORAGE;
    this.#options = options;
    this.#key = publicKey(options.key);
    this.#timeKey = options.timeKey === undefined ? undefined : publicKey(options.timeKey);
    const isTimeless =
      options.builtAt !== undefined && platform.now() === 0 && platform.setTime !== undefined;
    this.#nonce = isTimeless ? platform.entropy(NONCE_BYTES) : undefined;
    this.#changed = changed;
    this.#rootsVersion = versionOf(roots);
  }

  report(): Device {
    const { device, firmware } = this.#options;
    return {
      type: FrameType.Device,
      sessionId: NULL_SESSION_ID,
      device,
      firmware,
      roots: this.#rootsVersion,
      memory: Math.ceil((this.#platform.heapPeak?.() ?? 0) / 1024),
      counter: this.#counter() ?? 0,
      nonce: (this.#isAnswered ? undefined : this.#nonce) ?? new Uint8Array(NONCE_BYTES),
    };
  }

  /** Obeys an order, or says why not. */
  receive(signed: Pick<Manage, keyof SignedOrder>): Managed {
    let order: Order;
    try {
      // Only what is signed is read.
      const mayOnlyTellTime = this.#verify(signed);
      order = decodeOrder(signed.order);
      if (mayOnlyTellTime && order.command !== Command.Time)
        throw new DeputyError('BAD_SIGNATURE', 'the key that signed this tells the time, and no more');
    } catch (error) {
      const { code, message } = error as DeputyError;
      return receipt({ counter: 0, command: 0 }, code.startsWith('TLS_') ? 'BAD_SIGNATURE' : code, message);
    }
    try {
      this.#admit(order);
      this.#obey(order);
      return receipt(order, 'DONE', '');
    } catch (error) {
      const { code = 'FAILED', message } = error as DeputyError;
      return receipt(order, code, message);
    }
  }

  /** Whether the key for the time, not that for all, has signed. Throws TlsError where neither has. */
  #verify({ order, signature }: SignedOrder): boolean {
    try {
      this.#engine.verifyMessage(this.#key, order, signature);
      return false;
    } catch (error) {
      if (this.#timeKey === undefined) throw error;
      this.#engine.verifyMessage(this.#timeKey, order, signature);
      return true;
    }
  }

  /** Throws DeputyError for an order that is not for now or not for here; else keeps that it was obeyed. */
  #admit(order: Order): void {
    const { device, counter } = order;
    if (device !== this.#options.device && device !== EVERY_DEVICE)
      throw new DeputyError('OTHER_DEVICE', 'the order is for another device');
    if (order.command === Command.Time) {
      this.#admitTime(order);
      return;
    }
    if (this.#storage === NO_STORAGE)
      throw new DeputyError('NO_STORAGE', 'this device has no storage for the counter of its orders');
    const last = this.#counter();
    if (last === undefined)
      throw new DeputyError('COUNTER_LOST', "the counter of this device's orders is damaged: it obeys none");
    if (counter <= last) throw new DeputyError('REPLAYED', `orders up to ${last} were obeyed before`);
    // Before it is obeyed: an order that ends the power is not obeyed again after.
    this.#keep(COUNTER, new FieldWriter().u64(counter).finish());
  }

  /** An answer to this very question, of which nobody can have an old one. */
  #admitTime({ nonce, milliseconds }: Extract<Order, { command: Command.Time }>): void {
    const asked = this.#nonce;
    if (asked === undefined || this.#isAnswered || !asked.every((byte, i) => byte === nonce[i]))
      throw new DeputyError('NOT_ASKED', 'this device has asked nobody for the time, or not with that nonce');
    if (milliseconds < (this.#options.builtAt ?? 0))
      throw new DeputyError('TOO_EARLY', 'the firmware of this device was built after that time');
  }

  #obey(order: Order): void {
    switch (order.command) {
      case Command.Roots:
        this.#takeRoots(order.roots);
        break;
      case Command.Settings: {
        const settings = new Map([...keptSettings(this.#storage), ...order.settings]);
        this.#keep(SETTINGS, encodeSettings(order.device, settings));
        this.#options.onSettings?.(settings);
        break;
      }
      case Command.Time:
        this.#isAnswered = true;
        this.#platform.setTime?.(order.milliseconds);
        this.#changed.onTime();
        break;
      case Command.Notice:
        this.#options.onNotice?.(order.text);
        break;
      case Command.Forget:
        for (const key of SECRETS) this.#keep(key, new Uint8Array(0));
        this.#changed.forget();
        break;
    }
  }

  #takeRoots(file: Uint8Array): void {
    const version = rootListVersion(file);
    if (version <= this.#rootsVersion)
      throw new DeputyError('OLD_ROOTS', `version ${version} is not newer than ${this.#rootsVersion}`);
    // Whole and usable, before it takes the place of what works.
    this.#engine.addDescribedRoots((add) => describeRoots(file, add)).free();
    this.#keep(ROOTS, file);
    this.#rootsVersion = version;
    this.#changed.replaceRoots(file);
  }

  /** Undefined where what was kept is no counter. */
  #counter(): number | undefined {
    const bytes = this.#storage.load(COUNTER);
    if (bytes === undefined) return 0;
    if (bytes.length !== 8) return undefined;
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }

  #keep(key: string, bytes: Uint8Array): void {
    if (!this.#storage.store(key, bytes))
      throw new DeputyError('NOT_KEPT', 'this device could not write to its storage');
  }
}

/** What orders have set, over restarts. */
export function keptSettings(storage: Storage): Map<string, string> {
  const bytes = storage.load(SETTINGS);
  try {
    const order = bytes && decodeOrder(bytes);
    return new Map(order?.command === Command.Settings ? order.settings : []);
  } catch {
    return new Map();
  }
}

/** As an order has them, so that there is one reader. */
const encodeSettings = (device: string, settings: ReadonlyMap<string, string>): Uint8Array =>
  encodeOrder({ device, counter: 0, command: Command.Settings, settings: [...settings] });

const receipt = (
  { counter, command }: Pick<Managed, 'counter' | 'command'>,
  code: string,
  text: string,
): Managed => ({ type: FrameType.Managed, sessionId: NULL_SESSION_ID, counter, command, code, text });
