// Record protection again, on node:crypto and written as the RFCs write it. Mistakes can be asked for: what a peer
// would never send, or an attacker would.
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

import { macSizes, SSL30, type Suite, TLS11, TLS12, TLS13 } from './suites.js';

export * from './suites.js';

/** What goes wrong on purpose, after all else is right. */
export interface Mischief {
  /** Total bytes of CBC padding including its length; default the fewest. */
  padding?: number;
  /** Changes the padded plaintext before encryption. */
  twist?: (padded: Buffer) => void;
  /** Zeros after the content type (TLS 1.3). */
  zeros?: number;
  /** The whole of TLSInnerPlaintext (TLS 1.3). */
  inner?: Uint8Array;
}

export class Twin {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly macKey: Buffer;
  sequence = 0n;
  #chain: Buffer;
  #rc4: Generator<number>;

  constructor(
    readonly suite: Suite,
    readonly version: number,
    readonly encryptThenMac = false,
    keys?: Twin,
  ) {
    this.key = keys?.key ?? randomBytes(suite.keyLength);
    this.iv = keys?.iv ?? randomBytes(16);
    this.macKey = keys?.macKey ?? randomBytes(suite.mac ? macSizes[suite.mac] : 1);
    this.#chain = this.iv.subarray(0, suite.block ?? 0);
    this.#rc4 = rc4(this.key);
  }

  seal(type: number, payload: Uint8Array, mischief: Mischief = {}): Buffer {
    const { kind } = this.suite;
    const fragment =
      kind === 'aead'
        ? this.#sealAead(type, payload, mischief)
        : kind === 'cbc'
          ? this.#sealCbc(type, payload, mischief)
          : this.#stream(Buffer.concat([payload, this.#mac(type, payload)]));
    this.sequence++;
    return record(this.version === TLS13 ? 23 : type, Math.min(this.version, TLS12), fragment);
  }

  /** Opens what is right; throws at what isn't. */
  open(bytes: Uint8Array): { type: number; payload: Buffer } {
    const sealed = Buffer.from(bytes);
    const type = sealed[0]!;
    const fragment = sealed.subarray(5);
    if (sealed.readUInt16BE(3) !== fragment.length) throw new Error('length of the record');
    if (sealed.readUInt16BE(1) !== Math.min(this.version, TLS12)) throw new Error('version of the record');
    const { kind } = this.suite;
    const opened =
      kind === 'aead'
        ? this.#openAead(type, fragment, sealed)
        : kind === 'cbc'
          ? this.#openCbc(type, fragment)
          : this.#checkMac(type, this.#stream(fragment));
    this.sequence++;
    if (this.version !== TLS13) return { type, payload: opened };
    const end = opened.findLastIndex((byte) => byte !== 0);
    return { type: opened[end]!, payload: opened.subarray(0, end) };
  }

  #sequenceBytes(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.sequence);
    return bytes;
  }

  #nonce(explicit?: Uint8Array): Buffer {
    if (explicit) return Buffer.concat([this.iv.subarray(0, 4), explicit]);
    const padded = Buffer.concat([Buffer.alloc(4), this.#sequenceBytes()]);
    return Buffer.from(this.iv.subarray(0, 12).map((byte, i) => byte ^ padded[i]!));
  }

  #carriesNonce(): boolean {
    return this.version !== TLS13 && !this.suite.cipher.startsWith('chacha');
  }

  #additional(type: number, length: number): Buffer {
    if (this.version === TLS13)
      return record(23, TLS12, Buffer.alloc(length + this.suite.tagLength!)).subarray(0, 5);
    return Buffer.concat([
      this.#sequenceBytes(),
      record(type, this.version, Buffer.alloc(length)).subarray(0, 5),
    ]);
  }

  #sealAead(type: number, payload: Uint8Array, mischief: Mischief): Buffer {
    const plain =
      this.version === TLS13
        ? (mischief.inner ?? Buffer.concat([payload, Buffer.of(type), Buffer.alloc(mischief.zeros ?? 0)]))
        : payload;
    const explicit = this.#carriesNonce() ? this.#sequenceBytes() : undefined;
    const options = { authTagLength: this.suite.tagLength! };
    const cipher = createCipheriv(
      this.suite.cipher as 'aes-128-ccm',
      this.key,
      this.#nonce(explicit),
      options,
    );
    cipher.setAAD(this.#additional(type, plain.length), { plaintextLength: plain.length });
    const sealed = cipher.update(plain);
    cipher.final();
    return Buffer.concat([explicit ?? Buffer.alloc(0), sealed, cipher.getAuthTag()]);
  }

  #openAead(type: number, fragment: Buffer, _sealed: Buffer): Buffer {
    const tag = this.suite.tagLength!;
    const explicit = this.#carriesNonce() ? fragment.subarray(0, 8) : undefined;
    const sealed = fragment.subarray(explicit ? 8 : 0, -tag);
    const options = { authTagLength: tag };
    const cipher = createDecipheriv(
      this.suite.cipher as 'aes-128-ccm',
      this.key,
      this.#nonce(explicit),
      options,
    );
    cipher.setAuthTag(fragment.subarray(-tag));
    cipher.setAAD(this.#additional(type, sealed.length), { plaintextLength: sealed.length });
    const plain = cipher.update(sealed);
    cipher.final();
    return plain;
  }

  #mac(type: number, payload: Uint8Array): Buffer {
    const { mac } = this.suite;
    const header = record(type, this.version, Buffer.alloc(payload.length)).subarray(0, 5);
    if (this.version === SSL30) {
      const pad = (byte: number) => Buffer.alloc(mac === 'md5' ? 48 : 40, byte);
      const inner = createHash(mac!)
        .update(
          Buffer.concat([
            this.macKey,
            pad(0x36),
            this.#sequenceBytes(),
            header.subarray(0, 1),
            header.subarray(3),
          ]),
        )
        .update(payload)
        .digest();
      return createHash(mac!)
        .update(Buffer.concat([this.macKey, pad(0x5c), inner]))
        .digest();
    }
    return createHmac(mac!, this.macKey)
      .update(this.#sequenceBytes())
      .update(header)
      .update(payload)
      .digest();
  }

  #checkMac(type: number, bytes: Buffer): Buffer {
    const size = macSizes[this.suite.mac!];
    const payload = bytes.subarray(0, -size);
    if (!this.#mac(type, payload).equals(bytes.subarray(-size))) throw new Error('MAC');
    return payload;
  }

  #nodeKey(): Buffer {
    return this.suite.keyLength === 8 ? Buffer.concat([this.key, this.key, this.key]) : this.key;
  }

  #sealCbc(type: number, payload: Uint8Array, mischief: Mischief): Buffer {
    const block = this.suite.block!;
    const data = this.encryptThenMac
      ? Buffer.from(payload)
      : Buffer.concat([payload, this.#mac(type, payload)]);
    const padding = mischief.padding ?? block - (data.length % block);
    const padded = Buffer.concat([data, Buffer.alloc(padding, padding - 1)]);
    mischief.twist?.(padded);
    const explicit = this.version >= TLS11;
    const iv = explicit ? randomBytes(block) : this.#chain;
    const cipher = createCipheriv(this.suite.cipher, this.#nodeKey(), iv).setAutoPadding(false);
    const sealed = Buffer.concat([cipher.update(padded), cipher.final()]);
    this.#chain = sealed.subarray(-block);
    const body = explicit ? Buffer.concat([iv, sealed]) : sealed;
    return this.encryptThenMac ? Buffer.concat([body, this.#mac(type, body)]) : body;
  }

  #openCbc(type: number, fragment: Buffer): Buffer {
    const block = this.suite.block!;
    const body = this.encryptThenMac ? this.#checkMac(type, fragment) : fragment;
    const explicit = this.version >= TLS11;
    const iv = explicit ? body.subarray(0, block) : this.#chain;
    const sealed = explicit ? body.subarray(block) : body;
    this.#chain = Buffer.from(sealed.subarray(-block));
    const cipher = createDecipheriv(this.suite.cipher, this.#nodeKey(), iv).setAutoPadding(false);
    const padded = Buffer.concat([cipher.update(sealed), cipher.final()]);
    const padding = padded.at(-1)! + 1;
    if (this.version !== SSL30 && !padded.subarray(-padding).every((byte) => byte === padding - 1))
      throw new Error('padding');
    const data = padded.subarray(0, -padding);
    return this.encryptThenMac ? data : this.#checkMac(type, data);
  }

  #stream(bytes: Uint8Array): Buffer {
    return Buffer.from(bytes.map((byte) => byte ^ (this.#rc4.next().value as number)));
  }
}

export function record(type: number, version: number, fragment: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(fragment.length & 0xffff, 3);
  return Buffer.concat([header, fragment]);
}

function* rc4(key: Uint8Array): Generator<number> {
  const s = Uint8Array.from({ length: 256 }, (_, i) => i);
  const swap = (a: number, b: number) => {
    [s[a], s[b]] = [s[b]!, s[a]!];
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i]! + key[i % key.length]!) & 255;
    swap(i, j);
  }
  for (let i = 1, j = 0; ; i = (i + 1) & 255) {
    j = (j + s[i]!) & 255;
    swap(i, j);
    yield s[(s[i]! + s[j]!) & 255]!;
  }
}
