// The devices of this proxy's clients, and the orders that wait for them (R26). Orders are signed by somebody else: they are
// passed on as they are, and whether they are obeyed is the device's to say.
import type { KeyObject } from 'node:crypto';
import type { DeviceProfile } from '../../delegation/device.js';
import { FrameType } from '../../delegation/frame.js';
import type { Manage } from '../../delegation/message.js';
import {
  Command,
  type DeviceReport,
  decodeOrder,
  EVERY_DEVICE,
  type Order,
  type OrderReceipt,
  type SignedOrder,
} from '../../delegation/order.js';
import { NULL_SESSION_ID } from '../../delegation/session_id.js';
import { signOrder } from '../../platform/node/order_signature.js';
import { SessionError } from '../error.js';

/** Devices that are remembered; the one that was seen least recently is forgotten first. */
const DEVICES_KEPT = 10_000;
const RECEIPTS_KEPT = 8;
/** Orders that wait: some with files of roots. */
const ORDERS_KEPT = 64;

/** A client's device, managed or not. Times are milliseconds since 1970. */
export interface KnownDevice {
  client: string;
  /** Its own name; empty where nobody manages it. */
  device: string;
  /** Of the device profile: the kind of device. */
  board: string;
  firmware: string;
  roots: number;
  /** Kibibytes at the peak; 0 where it does not tell. */
  memory: number;
  counter: number;
  isHere: boolean;
  seen: number;
  /** The newest last. */
  receipts: readonly (OrderReceipt & { at: number })[];
}

type Send = (message: Manage) => void;

export class Orders {
  readonly #timeKey: KeyObject | undefined;
  readonly #devices = new Map<string, KnownDevice>();
  readonly #waiting: { order: Order; signed: SignedOrder }[] = [];
  readonly #visits = new Set<Visit>();

  constructor(timeKey?: KeyObject) {
    this.#timeKey = timeKey;
  }

  /** Those seen last come first. */
  devices(): KnownDevice[] {
    return [...this.#devices.values()].reverse();
  }

  /** A device has greeted. */
  visit(client: string, profile: DeviceProfile, send: Send): Visit {
    const visit = new Visit(client, profile, send, this.#waiting, {
      note: (known, before) => this.#note(known, before),
      left: () => this.#visits.delete(visit),
      time: (device, nonce) => this.#timeKey && signedTime(this.#timeKey, device, nonce),
    });
    this.#visits.add(visit);
    return visit;
  }

  /** Gives an order to the devices that are here, and keeps it for the others. Throws ProtocolError, LIMIT. */
  send(signed: SignedOrder): { order: Order; devices: number } {
    const order = decodeOrder(signed.order);
    // An order of a lower counter that still waits is obeyed before, or never.
    if (this.#waiting.length >= ORDERS_KEPT)
      throw new SessionError(
        'LIMIT',
        `${ORDERS_KEPT} orders wait already; those of a device end when it obeys them`,
      );
    if (order.command !== Command.Time) {
      this.#waiting.push({ order, signed });
      this.#waiting.sort((one, other) => one.order.counter - other.order.counter);
    }
    let devices = 0;
    for (const visit of this.#visits) if (visit.give(order, signed)) devices++;
    return { order, devices };
  }

  /** `before`: the same device, until it told its name. */
  #note(known: KnownDevice, before?: KnownDevice): void {
    const key = keyOf(known);
    const receipts = known.receipts.length > 0 ? known.receipts : (this.#devices.get(key)?.receipts ?? []);
    if (before !== undefined) this.#devices.delete(keyOf(before));
    this.#devices.delete(key);
    this.#devices.set(key, { ...known, receipts });
    for (const oldest of this.#devices.keys()) {
      if (this.#devices.size <= DEVICES_KEPT) break;
      this.#devices.delete(oldest);
    }
    // What the one device that it is for has obeyed waits no more.
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      const { order } = this.#waiting[at]!;
      if (order.device === known.device && order.counter <= known.counter) this.#waiting.splice(at, 1);
    }
  }
}

/** A client can't pass its device off as another client's. */
const keyOf = ({ client, device, board }: KnownDevice) =>
  JSON.stringify(device === '' ? [client, '', board] : [client, device]);

interface Heard {
  note(known: KnownDevice, before?: KnownDevice): void;
  left(): void;
  /** The answer to a device that asks for the time. */
  time(device: string, nonce: Uint8Array): SignedOrder | undefined;
}

const signedTime = (key: KeyObject, device: string, nonce: Uint8Array): SignedOrder =>
  signOrder({ device, counter: 0, command: Command.Time, nonce, milliseconds: Date.now() }, key);

/** One main session of a device. */
export class Visit {
  readonly #send: Send;
  readonly #waiting: readonly { order: Order; signed: SignedOrder }[];
  readonly #on: Heard;
  readonly #given = new Set<Uint8Array>();
  #known: KnownDevice;
  #isManaged = false;

  constructor(
    client: string,
    profile: DeviceProfile,
    send: Send,
    waiting: readonly { order: Order; signed: SignedOrder }[],
    on: Heard,
  ) {
    this.#send = send;
    this.#waiting = waiting;
    this.#on = on;
    this.#known = {
      ...{ client, device: '', board: profile.name, firmware: '', roots: 0, memory: 0, counter: 0 },
      ...{ isHere: true, seen: Date.now(), receipts: [] },
    };
    this.#note({});
  }

  /** Gives what waits for it. */
  onReport({ device, firmware, roots, memory, counter, nonce }: DeviceReport): void {
    this.#isManaged = true;
    this.#note({ device, firmware, roots, memory, counter });
    const time = nonce.some((byte) => byte !== 0) ? this.#on.time(device, nonce) : undefined;
    if (time !== undefined) this.#send({ type: FrameType.Manage, sessionId: NULL_SESSION_ID, ...time });
    for (const { order, signed } of [...this.#waiting]) this.give(order, signed);
  }

  onReceipt({ counter, command, code, text }: OrderReceipt): void {
    const receipts = [...this.#known.receipts, { counter, command, code, text, at: Date.now() }];
    this.#note({ receipts: receipts.slice(-RECEIPTS_KEPT) });
  }

  /** Once, where it is for this device and is not obeyed yet. */
  give(order: Order, signed: SignedOrder): boolean {
    if (!this.#isManaged || this.#given.has(signed.order)) return false;
    if (order.device !== this.#known.device && order.device !== EVERY_DEVICE) return false;
    if (order.counter <= this.#known.counter && order.command !== Command.Time) return false;
    this.#given.add(signed.order);
    this.#send({ type: FrameType.Manage, sessionId: NULL_SESSION_ID, ...signed });
    return true;
  }

  leave(): void {
    this.#note({ isHere: false });
    this.#on.left();
  }

  #note(change: Partial<KnownDevice>): void {
    const before = this.#known;
    this.#known = { ...before, ...change, seen: Date.now() };
    this.#on.note(this.#known, before);
  }
}
