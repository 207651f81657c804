// AES-128-GCM record protection of both versions by node:crypto: the scripted servers' half of the record layer.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ContentType } from '../../../assembly/handshake/protocol.js';
import { join, plainRecord, u8, u16, vec16 } from './wire.js';

/** One direction of one epoch; plaintext where it has no key. */
export class TwinProtection {
  sequence = 0n;

  constructor(
    readonly version: 0x0303 | 0x0304 = 0x0304,
    readonly key?: Buffer,
    readonly iv: Buffer = Buffer.alloc(0),
  ) {}

  #number(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.sequence++);
    return bytes;
  }

  #nonce(number: Buffer): Buffer {
    const nonce = Buffer.from(this.iv);
    for (let i = 0; i < 8; i++) nonce[4 + i]! ^= number[i]!;
    return nonce;
  }

  seal(type: number, data: Uint8Array, padding = 0): Buffer {
    if (!this.key) return plainRecord(type, data);
    const number = this.#number();
    if (this.version === 0x0303) {
      const nonce = join(this.iv, number);
      const aad = join(number, u8(type), u16(0x0303), u16(data.length));
      return plainRecord(type, join(number, this.#encrypt(nonce, aad, data)));
    }
    const inner = join(data, u8(type), Buffer.alloc(padding));
    const aad = join(u8(ContentType.ApplicationData), u16(0x0303), u16(inner.length + 16));
    return join(aad.subarray(0, 3), vec16(this.#encrypt(this.#nonce(number), aad, inner)));
  }

  #encrypt(nonce: Buffer, aad: Buffer, data: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-128-gcm', this.key!, nonce).setAAD(aad);
    return join(cipher.update(data), cipher.final(), cipher.getAuthTag());
  }

  open(record: Buffer): { type: number; data: Buffer } {
    if (!this.key) return { type: record[0]!, data: record.subarray(5) };
    const number = this.#number();
    if (this.version === 0x0303) {
      const nonce = join(this.iv, record.subarray(5, 13));
      const aad = join(number, record.subarray(0, 3), u16(record.length - 5 - 24));
      return { type: record[0]!, data: this.#decrypt(nonce, aad, record.subarray(13)) };
    }
    let inner = this.#decrypt(this.#nonce(number), record.subarray(0, 5), record.subarray(5));
    while (inner.at(-1) === 0) inner = inner.subarray(0, -1);
    return { type: inner.at(-1)!, data: inner.subarray(0, -1) };
  }

  #decrypt(nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer {
    const cipher = createDecipheriv('aes-128-gcm', this.key!, nonce).setAAD(aad);
    cipher.setAuthTag(sealed.subarray(-16));
    return join(cipher.update(sealed.subarray(0, -16)), cipher.final());
  }
}
