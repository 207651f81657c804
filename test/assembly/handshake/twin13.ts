// A TLS 1.3 server that does what the test says, right or wrong. Suite TLS_AES_128_GCM_SHA256.
import { randomBytes, sign } from 'node:crypto';
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import type { Issued } from '../../../host/cli/demo/authority/authority.js';
import { TwinProtection } from './twin_record.js';
import {
  deriveSecret,
  digest,
  expandLabel,
  finishedMac,
  hmac,
  nextSecret,
  TwinShare,
  trafficKeys,
} from './twin_schedule.js';
import {
  type ClientHello,
  type Extension,
  extensionBlock,
  join,
  keyShares,
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

export const retryRandom = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
);

export interface HelloParts {
  legacyVersion?: number;
  random?: Uint8Array;
  sessionId?: Uint8Array;
  suite?: number;
  compression?: number;
  extensions?: Extension[];
}

export class Twin13 {
  hello!: ClientHello;
  transcript: Buffer = Buffer.alloc(0);
  write = new TwinProtection();
  read = new TwinProtection();
  share = new TwinShare(29);
  /** Alerts that the client sent, [level, description]. */
  alerts: [number, number][] = [];
  /** Handshake messages of the client, ClientHello included. */
  messages: Buffer[] = [];
  applicationData: Buffer = Buffer.alloc(0);
  changeCipherSpecs = 0;
  psk: Buffer | undefined;
  /** Secrets that nobody needs after the handshake. */
  passing: Record<string, Buffer> = {};
  #secret: Buffer = Buffer.alloc(32);
  clientSecret: Buffer = Buffer.alloc(0);
  serverSecret: Buffer = Buffer.alloc(0);
  resumptionMaster: Buffer = Buffer.alloc(0);

  constructor(readonly issued: Issued) {}

  /** Takes what the client sent, under the keys that it should be using. */
  receive(bytes: Uint8Array): this {
    for (const record of splitRecords(bytes)) {
      if (record[0] === ContentType.ChangeCipherSpec) {
        this.changeCipherSpecs++;
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
    if (part[0] === HandshakeType.KeyUpdate) {
      this.clientSecret = expandLabel(this.clientSecret, 'traffic upd', Buffer.alloc(0), 32);
      this.read = trafficKeys(this.clientSecret);
    } else this.transcript = join(this.transcript, part);
    if (part[0] === HandshakeType.Finished)
      this.resumptionMaster = deriveSecret(this.#secret, 'res master', this.transcript);
  }

  /** Adds a message to the transcript and gives its record. */
  send(part: Uint8Array): Buffer {
    this.transcript = join(this.transcript, part);
    return this.write.seal(ContentType.Handshake, part);
  }

  serverHello(parts: HelloParts = {}): Buffer {
    const group = this.share.group;
    return message(
      HandshakeType.ServerHello,
      join(
        u16(parts.legacyVersion ?? 0x0303),
        parts.random ?? randomBytes(32),
        vec8(parts.sessionId ?? this.hello.sessionId),
        u16(parts.suite ?? 0x1301),
        u8(parts.compression ?? 0),
        extensionBlock(
          parts.extensions ?? [
            [ExtensionType.SupportedVersions, u16(0x0304)],
            [ExtensionType.KeyShare, join(u16(group), vec16(this.share.public))],
            ...(this.psk ? [[ExtensionType.PreSharedKey, u16(0)] as Extension] : []),
          ],
        ),
      ),
    );
  }

  /** HelloRetryRequest; the first ClientHello becomes a hash in the transcript. */
  retry(extensions: Extension[], parts: HelloParts = {}): Buffer {
    this.transcript = message(HandshakeType.MessageHash, digest(this.transcript));
    const hello = this.serverHello({
      random: retryRandom,
      ...parts,
      extensions: [[ExtensionType.SupportedVersions, u16(0x0304)], ...extensions],
    });
    return this.send(hello);
  }

  /** The shared secret; what makes the hybrid's share, so that it comes before the ServerHello. */
  agree(): Buffer {
    const peer = keyShares(this.hello).get(this.share.group);
    if (peer === undefined) throw new Error(`the client sent no share for group ${this.share.group}`);
    return this.share.agree(peer);
  }

  /** Handshake keys from the transcript up to the ServerHello. */
  startHandshakeKeys(shared = this.agree()): void {
    const early = hmac(Buffer.alloc(32), this.psk ?? Buffer.alloc(32));
    this.#secret = nextSecret(early, shared);
    this.clientSecret = deriveSecret(this.#secret, 'c hs traffic', this.transcript);
    this.serverSecret = deriveSecret(this.#secret, 's hs traffic', this.transcript);
    this.write = trafficKeys(this.serverSecret);
    this.read = trafficKeys(this.clientSecret);
    this.passing = {
      shared,
      handshake: this.#secret,
      client: this.clientSecret,
      server: this.serverSecret,
      clientKey: this.read.key!,
      serverKey: this.write.key!,
    };
  }

  /** The binder that the client should have sent for `psk`. */
  binder(psk: Buffer): Buffer {
    const early = hmac(Buffer.alloc(32), psk);
    const key = deriveSecret(early, 'res binder', Buffer.alloc(0));
    return finishedMac(key, this.transcript.subarray(0, -35));
  }

  encryptedExtensions(extensions: Extension[] = []): Buffer {
    return message(HandshakeType.EncryptedExtensions, extensionBlock(extensions));
  }

  certificateRequest(extensions?: Extension[], context = Buffer.alloc(0)): Buffer {
    const schemes: Extension = [ExtensionType.SignatureAlgorithms, vec16(u16(0x0403), u16(0x0804))];
    return message(
      HandshakeType.CertificateRequest,
      join(vec8(context), extensionBlock(extensions ?? [schemes])),
    );
  }

  certificate(chain = this.issued.chainDer, extensions: Extension[] = []): Buffer {
    const entries = chain.flatMap((der) => [vec24(der), extensionBlock(extensions)]);
    return message(HandshakeType.Certificate, join(vec8(), vec24(...entries)));
  }

  certificateVerify(scheme = 0x0403, context = 'TLS 1.3, server CertificateVerify'): Buffer {
    const content = join(Buffer.alloc(64, 0x20), Buffer.from(`${context}\0`), digest(this.transcript));
    const signature = sign('sha256', content, this.issued.key);
    return message(HandshakeType.CertificateVerify, join(u16(scheme), vec16(signature)));
  }

  finished(): Buffer {
    return message(HandshakeType.Finished, finishedMac(this.serverSecret, this.transcript));
  }

  /** Application keys of both directions; the client's Finished still comes under the handshake keys. */
  finish(clientFlight: Uint8Array): void {
    const master = nextSecret(this.#secret, Buffer.alloc(32));
    const client = deriveSecret(master, 'c ap traffic', this.transcript);
    const server = deriveSecret(master, 's ap traffic', this.transcript);
    this.#secret = master;
    this.passing.master = master;
    this.receive(clientFlight);
    this.clientSecret = client;
    this.serverSecret = server;
    this.write = trafficKeys(server);
    this.read = trafficKeys(client);
  }

  ticket(extensions: Extension[] = [], ticket: Uint8Array = Buffer.from('ticket'), lifetime = 7200): Buffer {
    const body = join(
      u32(lifetime),
      u32(0x01020304),
      vec8(Buffer.from([7])),
      vec16(ticket),
      extensionBlock(extensions),
    );
    return message(HandshakeType.NewSessionTicket, body);
  }

  /** The PSK of `ticket()`. */
  ticketSecret(): Buffer {
    return expandLabel(this.resumptionMaster, 'resumption', Buffer.from([7]), 32);
  }

  keyUpdate(request: number): Buffer {
    const record = this.write.seal(ContentType.Handshake, message(HandshakeType.KeyUpdate, u8(request)));
    this.serverSecret = expandLabel(this.serverSecret, 'traffic upd', Buffer.alloc(0), 32);
    this.write = trafficKeys(this.serverSecret);
    return record;
  }
}
