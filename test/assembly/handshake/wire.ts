// The presentation language in TypeScript, for the scripted servers: vectors, messages, records, and the ClientHello apart.
import { ContentType, ExtensionType } from '../../../assembly/handshake/protocol.js';

export const u8 = (n: number) => Buffer.from([n & 255]);
export const u16 = (n: number) => Buffer.from([(n >> 8) & 255, n & 255]);
export const u24 = (n: number) => Buffer.from([(n >> 16) & 255, (n >> 8) & 255, n & 255]);
export const u32 = (n: number) => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
export const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
export const vec8 = (...parts: Uint8Array[]) => join(u8(join(...parts).length), ...parts);
export const vec16 = (...parts: Uint8Array[]) => join(u16(join(...parts).length), ...parts);
export const vec24 = (...parts: Uint8Array[]) => join(u24(join(...parts).length), ...parts);

export const message = (type: number, body: Uint8Array = new Uint8Array(0)) => join(u8(type), vec24(body));
export const plainRecord = (type: ContentType, body: Uint8Array, version = 0x0303) =>
  join(u8(type), u16(version), vec16(body));
export const changeCipherSpec = plainRecord(ContentType.ChangeCipherSpec, u8(1));

export type Extension = [type: number, data: Uint8Array];
export const extensionBlock = (extensions: Extension[]) =>
  vec16(...extensions.map(([type, data]) => join(u16(type), vec16(data))));

/** Whole records of a byte stream; a rest that is no whole record is an error of the test. */
export function splitRecords(bytes: Uint8Array): Buffer[] {
  const records: Buffer[] = [];
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; ) {
    const end = at + 5 + all.readUInt16BE(at + 3);
    if (end > all.length) throw new Error('the client sent a torn record');
    records.push(all.subarray(at, end));
    at = end;
  }
  return records;
}

export function splitMessages(bytes: Uint8Array): Buffer[] {
  const messages: Buffer[] = [];
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; ) {
    const end = at + 4 + all.readUIntBE(at + 1, 3);
    if (end > all.length) throw new Error('the client sent a torn message');
    messages.push(all.subarray(at, end));
    at = end;
  }
  return messages;
}

export interface ClientHello {
  raw: Buffer;
  version: number;
  random: Buffer;
  sessionId: Buffer;
  suites: number[];
  compressions: Buffer;
  /** In the order of the wire. */
  extensions: Map<number, Buffer>;
}

export function parseClientHello(raw: Buffer): ClientHello {
  let at = 4;
  const take = (length: number) => {
    if (at + length > raw.length) throw new Error('the ClientHello is too short');
    at += length;
    return raw.subarray(at - length, at);
  };
  const short = () => take(2).readUInt16BE();
  const version = short();
  const random = take(32);
  const sessionId = take(take(1)[0]!);
  const list = take(short());
  const suites = Array.from({ length: list.length / 2 }, (_, i) => list.readUInt16BE(2 * i));
  const compressions = take(take(1)[0]!);
  const extensions = new Map<number, Buffer>();
  const end = short() + at;
  while (at < end) {
    const type = short();
    if (extensions.has(type)) throw new Error(`the ClientHello has extension ${type} twice`);
    extensions.set(type, take(short()));
  }
  if (at !== raw.length) throw new Error('the ClientHello has bytes behind its extensions');
  return { raw, version, random, sessionId, suites, compressions, extensions };
}

/** Public values of the key_share extension by group. */
export function keyShares(hello: ClientHello): Map<number, Buffer> {
  const data = hello.extensions.get(ExtensionType.KeyShare)!;
  const shares = new Map<number, Buffer>();
  for (let at = 2; at < data.length; ) {
    const length = data.readUInt16BE(at + 2);
    shares.set(data.readUInt16BE(at), data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return shares;
}
