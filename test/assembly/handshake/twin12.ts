// A TLS 1.2 server that does what the test says, right or wrong. Suite TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, or with a
// certificate for RSA TLS_RSA_WITH_AES_128_GCM_SHA256.
import { constants, type KeyObject, privateDecrypt, randomBytes, sign } from 'node:crypto';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import type { Issued } from '../../../host/cli/demo/authority/authority.js';
import { TwinProtection } from './twin_record.js';
import { digest, prf, TwinShare } from './twin_schedule.js';
import type { HelloParts } from './twin13.js';
import {
  type ClientHello,
  type Extension,
  extensionBlock,
  join,
  message,
  parseClientHello,
  splitMessages,
  splitRecords,
  u8,
  u16,
  u32,
  vec8,
  vec16,
  vec24,
} from './wire.js';

/** RSAES-PKCS1-v1_5 (RFC 8017 §7.2.2) without OpenSSL's own, which Node refuses; the premaster secret has 48 bytes. */
export function decryptPremaster(key: KeyObject, encrypted: Uint8Array): Buffer {
  const block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, encrypted);
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end !== block.length - 49)
    throw new Error('the client padded its premaster secret wrongly');
  return block.subarray(end + 1);
}

export class Twin12 {
  hello!: ClientHello;
  transcript: Buffer = Buffer.alloc(0);
  write = new TwinProtection(0x0303);
  read = new TwinProtection(0x0303);
  share = new TwinShare(29);
  alerts: [number, number][] = [];
  messages: Buffer[] = [];
  applicationData: Buffer = Buffer.alloc(0);
  random = randomBytes(32);
  master: Buffer = Buffer.alloc(0);
  premaster: Buffer = Buffer.alloc(0);
  extended = true;
  #block: Buffer = Buffer.alloc(0);

  /** Whether the client encrypts the premaster secret for our key. */
  readonly encrypts: boolean;

  constructor(readonly issued: Issued) {
    this.encrypts = issued.key.asymmetricKeyType === 'rsa';
  }

  receive(bytes: Uint8Array): this {
    for (const record of splitRecords(bytes)) {
      if (record[0] === ContentType.ChangeCipherSpec) {
        if (this.master.length === 0) this.#deriveMaster();
        this.read = new TwinProtection(0x0303, this.#block.subarray(0, 16), this.#block.subarray(32, 36));
        continue;
      }
      const { type, data } = this.read.open(record);
      if (type === ContentType.Alert) this.alerts.push([data[0]!, data[1]!]);
      else if (type === ContentType.ApplicationData) this.applicationData = join(this.applicationData, data);
      else for (const part of splitMessages(data)) this.#onMessage(part);
    }
    return this;
  }

  #onMessage(part: Buffer): void {
    this.messages.push(part);
    if (part[0] === HandshakeType.ClientHello) this.hello = parseClientHello(Buffer.from(part));
    this.transcript = join(this.transcript, part);
  }

  #deriveMaster(): void {
    const exchange = this.messages.find((m) => m[0] === HandshakeType.ClientKeyExchange)!;
    const premaster = this.encrypts
      ? decryptPremaster(this.issued.key, exchange.subarray(6))
      : this.share.agree(exchange.subarray(5));
    const end = this.transcript.indexOf(exchange) + exchange.length;
    this.premaster = premaster;
    this.master = this.extended
      ? prf(premaster, 'extended master secret', digest(this.transcript.subarray(0, end)), 48)
      : prf(premaster, 'master secret', join(this.hello.random, this.random), 48);
    this.deriveKeys();
  }

  deriveKeys(): void {
    this.#block = prf(this.master, 'key expansion', join(this.random, this.hello.random), 40);
  }

  send(part: Uint8Array): Buffer {
    this.transcript = join(this.transcript, part);
    return this.write.seal(ContentType.Handshake, part);
  }

  serverHello(parts: HelloParts = {}): Buffer {
    if (parts.random) this.random = Buffer.from(parts.random);
    return message(
      HandshakeType.ServerHello,
      join(
        u16(parts.legacyVersion ?? 0x0303),
        this.random,
        vec8(parts.sessionId ?? Buffer.alloc(0)),
        u16(parts.suite ?? (this.encrypts ? 0x009c : 0xc02b)),
        u8(parts.compression ?? 0),
        extensionBlock(
          parts.extensions ?? [
            [ExtensionType.RenegotiationInfo, u8(0)],
            [ExtensionType.ExtendedMasterSecret, Buffer.alloc(0)],
          ],
        ),
      ),
    );
  }

  certificate(chain = this.issued.chainDer): Buffer {
    return message(HandshakeType.Certificate, vec24(...chain.map((der) => vec24(der))));
  }

  serverKeyExchange(
    scheme = 0x0403,
    group = this.share.group,
    point: Uint8Array = this.share.public,
    curveType = 3,
  ): Buffer {
    const parameters = join(u8(curveType), u16(group), vec8(point));
    const signature = sign('sha256', join(this.hello.random, this.random, parameters), this.issued.key);
    return message(HandshakeType.ServerKeyExchange, join(parameters, u16(scheme), vec16(signature)));
  }

  certificateRequest(): Buffer {
    return message(
      HandshakeType.CertificateRequest,
      join(vec8(Buffer.from([64, 1])), vec16(u16(0x0403), u16(0x0401), u16(0x0804)), vec16()),
    );
  }

  serverHelloDone(): Buffer {
    return message(HandshakeType.ServerHelloDone);
  }

  ticket(ticket: Uint8Array = Buffer.from('ticket of old')): Buffer {
    return message(HandshakeType.NewSessionTicket, join(u32(3600), vec16(ticket)));
  }

  /** Our keys, for what follows a ChangeCipherSpec. */
  startWriting(): void {
    this.write = new TwinProtection(0x0303, this.#block.subarray(16, 32), this.#block.subarray(36, 40));
  }

  finished(): Buffer {
    return message(HandshakeType.Finished, prf(this.master, 'server finished', digest(this.transcript), 12));
  }
}

/** The extensions of a ServerHello that makes a sound TLS 1.2 session, and more. */
export const soundExtensions = (...more: Extension[]): Extension[] => [
  [ExtensionType.RenegotiationInfo, u8(0)],
  [ExtensionType.ExtendedMasterSecret, Buffer.alloc(0)],
  ...more,
];
