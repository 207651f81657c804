// Opens a recorded TLS connection with its logged secrets, on node:crypto alone: which key and nonce sealed which
// plaintext. Knows nothing of the code under test.
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { expandLabel, prf } from '../assembly/handshake/twin_schedule.js';
import type { KeyLog } from './key_log.js';

interface Scheme {
  cipher: string;
  key: number;
  hash: 'sha256' | 'sha384';
  /** CBC suites. */
  mac?: 'sha1' | 'sha256' | 'sha384';
}

const AES128 = { cipher: 'aes-128-gcm', key: 16, hash: 'sha256' } as const;
const AES256 = { cipher: 'aes-256-gcm', key: 32, hash: 'sha384' } as const;
const CHACHA = { cipher: 'chacha20-poly1305', key: 32, hash: 'sha256' } as const;
const cbc = (bits: 128 | 256, mac: Scheme['mac'], hash: Scheme['hash'] = 'sha256'): Scheme => ({
  cipher: `aes-${bits}-cbc`,
  key: bits / 8,
  hash,
  mac: mac!,
});
const SCHEMES: Record<number, Scheme> = {
  4865: AES128,
  4866: AES256,
  4867: CHACHA,
  49195: AES128,
  49199: AES128,
  49196: AES256,
  49200: AES256,
  52392: CHACHA,
  52393: CHACHA,
  49161: cbc(128, 'sha1'),
  49171: cbc(128, 'sha1'),
  49162: cbc(256, 'sha1'),
  49172: cbc(256, 'sha1'),
  49187: cbc(128, 'sha256'),
  49191: cbc(128, 'sha256'),
  49188: cbc(256, 'sha384', 'sha384'),
  49192: cbc(256, 'sha384', 'sha384'),
};

export interface OpenedRecord {
  direction: 'client' | 'server';
  /** Hexadecimal. The nonce of a CBC record is its IV. */
  key: string;
  nonce: string;
  type: number;
  content: Buffer;
  sealed: Buffer;
}

export interface OpenedConnection {
  clientRandom: Buffer;
  version: number;
  suite: number;
  records: OpenedRecord[];
  /** Every key, MAC key and IV that was derived. */
  keys: Buffer[];
}

/** Opens every sealed record of a connection. Throws where one opens under no key and number of its direction. */
export function openConnection(sent: Buffer[], received: Buffer[], log: KeyLog): OpenedConnection {
  const hello = handshakeOf(sent, 1);
  const serverHello = handshakeOf(received, 2, isRetry);
  const clientRandom = hello.subarray(6, 38);
  const negotiated = parseServerHello(serverHello);
  const { version, suite } = negotiated;
  const keys: Buffer[] = [];
  const records = (['client', 'server'] as const).flatMap((direction) => {
    const wire = direction === 'client' ? sent : received;
    return version === 0x0304
      ? open13(direction, wire, suite, (label) => log.secret(clientRandom, label), keys)
      : open12(direction, wire, negotiated, clientRandom, log.secret(clientRandom, 'CLIENT_RANDOM'), keys);
  });
  return { clientRandom, version, suite, records, keys };
}

export const clientRandomOf = (sent: Buffer[]) => handshakeOf(sent, 1).subarray(6, 38);

const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
const isRetry = (message: Buffer) => message.subarray(6, 38).equals(RETRY);

/** The first handshake message of a type in the clear. */
function handshakeOf(records: Buffer[], type: number, skip = (_: Buffer) => false): Buffer {
  for (const record of records) {
    if (record[0] !== 22 || record[5] !== type) continue;
    const message = record.subarray(5, 9 + record.readUIntBE(6, 3));
    if (!skip(message)) return message;
  }
  throw new Error(`no handshake message ${type} was recorded`);
}

interface Negotiated {
  version: number;
  suite: number;
  serverRandom: Buffer;
  encryptThenMac: boolean;
}

function parseServerHello(message: Buffer): Negotiated {
  const sessionLength = message[38]!;
  const suite = message.readUInt16BE(39 + sessionLength);
  let version = 0x0303;
  let encryptThenMac = false;
  for (let at = 44 + sessionLength; at + 4 <= message.length; ) {
    const type = message.readUInt16BE(at);
    if (type === 43) version = message.readUInt16BE(at + 4);
    if (type === 22) encryptThenMac = true;
    at += 4 + message.readUInt16BE(at + 2);
  }
  return { version, suite, serverRandom: message.subarray(6, 38), encryptThenMac };
}

const numbered = (sequence: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(sequence));
  return bytes;
};

function nonceOf(iv: Buffer, sequence: number): Buffer {
  const nonce = Buffer.from(iv);
  numbered(sequence).forEach((byte, i) => {
    nonce[4 + i]! ^= byte;
  });
  return nonce;
}

function decrypt(
  cipher: string,
  key: Buffer,
  nonce: Buffer,
  aad: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  const decipher = createDecipheriv(cipher as 'aes-128-gcm', key, nonce, { authTagLength: 16 });
  decipher.setAAD(aad, { plaintextLength: sealed.length - 16 }).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Handshake keys, then application keys, then those after each KeyUpdate (RFC 9846 §7.2). */
function open13(
  direction: 'client' | 'server',
  wire: Buffer[],
  suite: number,
  secret: (label: string) => Buffer,
  allKeys: Buffer[],
): OpenedRecord[] {
  const { cipher, key: keyLength, hash } = SCHEMES[suite]!;
  const name = direction.toUpperCase();
  const expand = (from: Buffer, label: string, length: number) =>
    expandLabel(from, label, Buffer.alloc(0), length, hash);
  let current = secret(`${name}_TRAFFIC_SECRET_0`);
  const epochs: { key: Buffer; iv: Buffer; next: number }[] = [];
  const add = (from: Buffer) => {
    epochs.push({ key: expand(from, 'key', keyLength), iv: expand(from, 'iv', 12), next: 0 });
    allKeys.push(epochs.at(-1)!.key, from);
  };
  add(secret(`${name}_HANDSHAKE_TRAFFIC_SECRET`));
  add(current);
  let at = 0;
  return wire
    .filter((record) => record[0] === 23)
    .map((record) => {
      const attempt = (epoch: number, sequence: number) => {
        const { key, iv } = epochs[epoch]!;
        const nonce = nonceOf(iv, sequence);
        const inner = decrypt(cipher, key, nonce, record.subarray(0, 5), record.subarray(5));
        if (inner === undefined) return undefined;
        let end = inner.length - 1;
        while (inner[end] === 0) end--;
        const [type, content] = [inner[end]!, inner.subarray(0, end)];
        return {
          direction,
          key: key.toString('hex'),
          nonce: nonce.toString('hex'),
          type,
          content,
          sealed: record,
        };
      };
      for (const epoch of [at, at + 1]) {
        const found = epochs[epoch] && attempt(epoch, epochs[epoch].next);
        if (!found) continue;
        at = epoch;
        epochs[epoch]!.next++;
        if (found.type === 22 && found.content[0] === 24 && found.content.length === 5) {
          current = expand(current, 'traffic upd', current.length);
          add(current);
        }
        return found;
      }
      // Not where it should be: find a number that was used before.
      for (const [epoch, { next }] of epochs.entries())
        for (let sequence = 0; sequence < next + 64; sequence++) {
          const found = attempt(epoch, sequence);
          if (found) return found;
        }
      throw new Error(`a record of the ${direction} opens under no key and number`);
    });
}

function open12(
  direction: 'client' | 'server',
  wire: Buffer[],
  { suite, serverRandom, encryptThenMac }: Negotiated,
  clientRandom: Buffer,
  master: Buffer,
  allKeys: Buffer[],
): OpenedRecord[] {
  const { cipher, key: keyLength, hash, mac } = SCHEMES[suite]!;
  const macLength = mac === undefined ? 0 : { sha1: 20, sha256: 32, sha384: 48 }[mac];
  const ivLength = mac !== undefined ? 0 : cipher === 'chacha20-poly1305' ? 12 : 4;
  const seed = Buffer.concat([serverRandom, clientRandom]);
  const block = prf(master, 'key expansion', seed, 2 * (macLength + keyLength + ivLength), hash);
  const share = (at: number, length: number) => {
    const offset = at + (direction === 'client' ? 0 : length);
    return block.subarray(offset, offset + length);
  };
  const macKey = share(0, macLength);
  const key = share(2 * macLength, keyLength);
  const iv = share(2 * (macLength + keyLength), ivLength);
  allKeys.push(key, macKey, block);
  const change = wire.findIndex((record) => record[0] === 20);
  return wire.slice(change + 1).map((record, index) => {
    const attempt = (sequence: number): OpenedRecord | undefined => {
      const body = record.subarray(5);
      const header = (length: number) =>
        Buffer.concat([numbered(sequence), record.subarray(0, 3), Buffer.from([length >> 8, length & 255])]);
      const found = (nonce: Buffer, content: Buffer): OpenedRecord => ({
        direction,
        key: key.toString('hex'),
        nonce: nonce.toString('hex'),
        type: record[0]!,
        content,
        sealed: record,
      });
      if (mac !== undefined) {
        const content = openCbc(cipher, key, body, { mac, macKey, macLength, encryptThenMac, header });
        return content && found(body.subarray(0, 16), content);
      }
      const explicit = ivLength === 4 ? body.subarray(0, 8) : Buffer.alloc(0);
      const nonce = ivLength === 4 ? Buffer.concat([iv, explicit]) : nonceOf(iv, sequence);
      const sealed = body.subarray(explicit.length);
      const content = decrypt(cipher, key, nonce, header(sealed.length - 16), sealed);
      return content && found(nonce, content);
    };
    const opened = attempt(index);
    if (opened) return opened;
    for (let sequence = 0; sequence < wire.length + 64; sequence++) {
      const other = attempt(sequence);
      if (other) return other;
    }
    throw new Error(`a record of the ${direction} opens under no number`);
  });
}

interface CbcParts {
  mac: string;
  macKey: Buffer;
  macLength: number;
  encryptThenMac: boolean;
  header: (length: number) => Buffer;
}

function openCbc(cipher: string, key: Buffer, body: Buffer, parts: CbcParts): Buffer | undefined {
  const { mac, macKey, macLength, encryptThenMac, header } = parts;
  const digest = (...data: Buffer[]) => {
    const hmac = createHmac(mac, macKey);
    for (const piece of data) hmac.update(piece);
    return hmac.digest();
  };
  const sealed = encryptThenMac ? body.subarray(0, -macLength) : body;
  if (encryptThenMac && !timingSafeEqual(digest(header(sealed.length), sealed), body.subarray(-macLength))) {
    return undefined;
  }
  const decipher = createDecipheriv(cipher, key, sealed.subarray(0, 16)).setAutoPadding(false);
  const text = decipher.update(sealed.subarray(16));
  const unpadded = text.subarray(0, -1 - text.at(-1)!);
  if (encryptThenMac) return unpadded;
  const content = unpadded.subarray(0, -macLength);
  return timingSafeEqual(digest(header(content.length), content), unpadded.subarray(-macLength))
    ? content
    : undefined;
}

/** Seals one more TLS 1.3 record: for tests that show what a reused nonce looks like. */
export function sealAgain({ key, nonce }: OpenedRecord, cipher: string, content: Buffer): Buffer {
  const header = Buffer.from([23, 3, 3, (content.length + 17) >> 8, (content.length + 17) & 255]);
  const sealing = createCipheriv(
    cipher as 'aes-128-gcm',
    Buffer.from(key, 'hex'),
    Buffer.from(nonce, 'hex'),
    {
      authTagLength: 16,
    },
  );
  sealing.setAAD(header, { plaintextLength: content.length + 1 });
  const sealed = [sealing.update(content), sealing.update(Buffer.from([23])), sealing.final()];
  return Buffer.concat([header, ...sealed, sealing.getAuthTag()]);
}
