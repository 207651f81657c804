// Orders to devices (R26): written and signed by who holds the management key, carried by the proxy, obeyed by the device.
import { FieldReader, FieldWriter } from './bytes.js';
import { ProtocolError } from './error.js';

/** Begins every order, and nothing else that such a key signs. */
const MAGIC = Uint8Array.of(0x44, 0x4f, 0x52, 0x44, 0x45, 0x52, 1);
/** A whole file of roots fits. */
export const ORDER_LIMIT = 64_000;
/** ECDSA with P-256 in DER has at most 72 bytes, Ed25519 64. */
export const SIGNATURE_LIMIT = 80;
export const DEVICE_NAME_LIMIT = 64;
export const NONCE_BYTES = 16;
/** Stands for every device of this key. */
export const EVERY_DEVICE = '*';
const SETTINGS_LIMIT = 32;
const TEXT_LIMIT = 1024;

export enum Command {
  /** A file of roots, newer than the device's. */
  Roots = 1,
  Settings = 2,
  /** A sentence for the user. */
  Notice = 3,
  /** Tickets, and the token for the proxy. */
  Forget = 4,
  /** The answer to the device's nonce, for one without a clock. It needs no counter: a nonce is answered once. */
  Time = 5,
}

export type Instruction =
  | { command: Command.Roots; roots: Uint8Array }
  | { command: Command.Settings; settings: readonly (readonly [name: string, value: string])[] }
  | { command: Command.Notice; text: string }
  | { command: Command.Forget }
  | { command: Command.Time; nonce: Uint8Array; milliseconds: number };

export type Order = Instruction & {
  /** A name, or EVERY_DEVICE. */
  device: string;
  /** Higher than of every order that the device has obeyed before. */
  counter: number;
};

export interface SignedOrder {
  /** As encodeOrder wrote it. */
  order: Uint8Array;
  /** Over these bytes: ECDSA with P-256 and SHA-256 in DER, or Ed25519. */
  signature: Uint8Array;
}

/** What a device says of itself. */
export interface DeviceReport {
  device: string;
  /** Version of its firmware. */
  firmware: string;
  /** Of its roots; 0 where they have none. */
  roots: number;
  /** Kibibytes of heap at the peak; 0 where nobody counts them. */
  memory: number;
  /** Of the last order that it obeyed. */
  counter: number;
  /** What a Time order has to name; zeros where the device knows the time. */
  nonce: Uint8Array;
}

export interface OrderReceipt {
  counter: number;
  command: number;
  /** DONE, or why not. */
  code: string;
  text: string;
}

export function writeReport(out: FieldWriter, report: DeviceReport): void {
  out.text(8, report.device, DEVICE_NAME_LIMIT).text(8, report.firmware, DEVICE_NAME_LIMIT);
  out.u32(report.roots).u32(report.memory).u64(report.counter).fixed(report.nonce, NONCE_BYTES);
}

export function readReport(from: FieldReader): DeviceReport {
  return {
    device: readDeviceName(from),
    firmware: from.text(8, DEVICE_NAME_LIMIT),
    roots: from.u32(),
    memory: from.u32(),
    counter: from.u64(),
    nonce: from.take(NONCE_BYTES),
  };
}

/** A device can't be called as all are. */
function readDeviceName(from: FieldReader): string {
  const device = from.text(8, DEVICE_NAME_LIMIT);
  if (device === '' || device === EVERY_DEVICE) throw misfit('a device has no name of its own');
  return device;
}

/** An order with its signature, as files and MANAGE have it. */
export function writeSigned(out: FieldWriter, { order, signature }: SignedOrder): FieldWriter {
  return out.vector(16, order, ORDER_LIMIT).vector(8, signature, SIGNATURE_LIMIT);
}

export const readSigned = (from: FieldReader): SignedOrder => ({
  order: from.vector(16, ORDER_LIMIT),
  signature: from.vector(8, SIGNATURE_LIMIT),
});

/** Bytes of the largest file of a signed order. */
export const SIGNED_LIMIT = 2 + ORDER_LIMIT + 1 + SIGNATURE_LIMIT;

/** The bytes to sign. Throws FRAME_BAD_ARGUMENT for what does not fit. */
export function encodeOrder(order: Order): Uint8Array {
  const out = new FieldWriter();
  out
    .fixed(MAGIC, MAGIC.length)
    .text(8, order.device, DEVICE_NAME_LIMIT)
    .u64(order.counter)
    .u8(order.command);
  switch (order.command) {
    case Command.Roots:
      out.vector(16, order.roots, ORDER_LIMIT);
      break;
    case Command.Settings:
      if (order.settings.length > SETTINGS_LIMIT)
        throw new ProtocolError('FRAME_BAD_ARGUMENT', `an order has at most ${SETTINGS_LIMIT} settings`);
      out.u8(order.settings.length);
      for (const [name, value] of order.settings)
        out.text(8, name, DEVICE_NAME_LIMIT).text(16, value, TEXT_LIMIT);
      break;
    case Command.Notice:
      out.sentence(order.text, TEXT_LIMIT);
      break;
    case Command.Time:
      out.fixed(order.nonce, NONCE_BYTES).u64(order.milliseconds);
      break;
  }
  const bytes = out.finish();
  if (bytes.length > ORDER_LIMIT)
    throw new ProtocolError('FRAME_BAD_ARGUMENT', `an order has at most ${ORDER_LIMIT} bytes`);
  return bytes;
}

/** Throws ProtocolError. The signature is not looked at. */
export function decodeOrder(bytes: Uint8Array): Order {
  const from = new FieldReader(bytes);
  if (bytes.length > ORDER_LIMIT || !MAGIC.every((byte) => from.left > 0 && from.u8() === byte))
    throw misfit('these bytes are no order of this format');
  const device = from.text(8, DEVICE_NAME_LIMIT);
  const counter = from.u64();
  const order = { device, counter, ...readInstruction(from) };
  from.end();
  return order;
}

function readInstruction(from: FieldReader): Instruction {
  const command = from.u8();
  switch (command) {
    case Command.Roots:
      return { command, roots: from.vector(16, ORDER_LIMIT) };
    case Command.Settings: {
      const count = from.u8();
      if (count > SETTINGS_LIMIT) throw misfit(`an order has ${count} settings`);
      const settings = Array.from(
        { length: count },
        () => [from.text(8, DEVICE_NAME_LIMIT), from.text(16, TEXT_LIMIT)] as const,
      );
      return { command, settings };
    }
    case Command.Notice:
      return { command, text: from.text(16, TEXT_LIMIT) };
    case Command.Forget:
      return { command };
    case Command.Time:
      return { command, nonce: from.take(NONCE_BYTES), milliseconds: from.u64() };
    default:
      throw misfit(`there is no command ${command}`);
  }
}

const misfit = (message: string) => new ProtocolError('FRAME_BAD_FIELD', message);
