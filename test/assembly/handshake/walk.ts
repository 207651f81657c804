// Walks the table of legal sequences: a scripted server that takes the device from state to state, row by row.
import { ContentType, ExtensionType, HandshakeType } from '../../../assembly/handshake/protocol.js';
import { State } from '../../../assembly/handshake/state.js';
import type { Issued } from '../../../host/cli/demo/authority/authority.js';
import type { Bench } from '../bench.js';
import { Device, type DeviceOptions } from './device.js';
import { TwinShare } from './twin_schedule.js';
import { soundExtensions, Twin12 } from './twin12.js';
import { Twin13 } from './twin13.js';
import { changeCipherSpec, u16 } from './wire.js';

export interface Row {
  state: State;
  message: number;
  next: State;
}

/** Stands for the ChangeCipherSpec record in the table (assembly/handshake/sequence.ts). */
export const changeCipherSpecRow = 255;

/** The table as primitives.wasm tells it. */
export function tableRows(bench: Bench): Row[] {
  const rows: Row[] = [];
  for (let i = 0; ; i++) {
    const row = bench.exports.sequenceRow!(i);
    if (row === 0) return rows;
    rows.push({ state: row >> 16, message: (row >> 8) & 255, next: row & 255 });
  }
}

export const isOld = (state: State) => state >= State.ExpectServerCertificate && state <= State.Established;
export const isUp = (state: State) => state === State.Connected || state === State.Established;

/** Every way from the ClientHello to `goal`, or to either end where no goal is given; no state twice. */
export function paths(rows: Row[], goal?: State): Row[][] {
  const found: Row[][] = [];
  const extend = (state: State, path: Row[]) => {
    if (state === goal || (goal === undefined && isUp(state))) {
      found.push(path);
      return;
    }
    for (const row of rows) {
      const seen = row.next === State.ExpectServerHello || path.some((r) => r.state === row.next);
      if (row.state === state && row.next !== state && !seen) extend(row.next, [...path, row]);
    }
  };
  extend(State.ExpectServerHello, []);
  return found;
}

export const pathName = (path: Row[]) =>
  path
    .map((row) => (row.message === changeCipherSpecRow ? 'ChangeCipherSpec' : HandshakeType[row.message]))
    .join(' ');

/** What a first connection leaves for the next: the device's session block, and the server's memory of it. */
export interface Kept {
  session: Uint8Array;
  secret: Buffer;
}

/** Sessions of both versions, and a certificate for the ways through RSA key exchange. */
export interface KeptAll {
  tls13: Kept;
  tls12: Kept;
  rsa: Issued | undefined;
}

export class Walk {
  readonly device: Device;
  readonly twin: Twin13 | Twin12;
  readonly #path: Row[];

  constructor(
    bench: Bench,
    issued: Issued,
    options: DeviceOptions,
    path: Row[],
    readonly kept: Partial<KeptAll> = {},
  ) {
    this.#path = path;
    const old = path.some((row) => isOld(row.next));
    const encrypts = path.some(
      (row) => row.message === HandshakeType.Certificate && row.next === State.ExpectRequestOrDone,
    );
    this.twin = old ? new Twin12(encrypts ? kept.rsa! : issued) : new Twin13(issued);
    const session = (old ? kept.tls12 : kept.tls13)?.session;
    this.device = new Device(bench, {
      ...options,
      ...(encrypts && { legacy: true }),
      ...(this.resumes && session && { session }),
    });
    try {
      this.device.start();
    } catch (error) {
      this.device.free();
      throw error;
    }
    this.twin.receive(this.device.drain());
  }

  /** Whether the path is an abbreviated handshake. */
  get resumes(): boolean {
    return this.#path.some(
      (row) =>
        (row.state === State.ExpectServerHello &&
          (row.next === State.ExpectTicket || row.next === State.ExpectChangeCipherSpec)) ||
        (row.state === State.ExpectEncryptedExtensions && row.next === State.ExpectFinished),
    );
  }

  /** Takes every step of the path. */
  run(): this {
    for (const row of this.#path) this.step(row);
    return this;
  }

  step(row: Row): void {
    const records =
      this.twin instanceof Twin13 ? this.#newStep(this.twin, row) : this.#oldStep(this.twin, row);
    this.device.feed(records);
    const answer = this.device.drain();
    if (this.twin instanceof Twin13 && row.message === HandshakeType.Finished) this.twin.finish(answer);
    else this.twin.receive(answer);
  }

  #newStep(twin: Twin13, row: Row): Buffer {
    switch (row.message) {
      case HandshakeType.ServerHello: {
        if (row.next === State.ExpectRetriedServerHello)
          return twin.retry([[ExtensionType.KeyShare, u16(this.#retryGroup())]]);
        if (this.resumes) twin.psk = this.kept.tls13!.secret;
        const record = twin.send(twin.serverHello());
        twin.startHandshakeKeys();
        return record;
      }
      case HandshakeType.EncryptedExtensions:
        return twin.send(twin.encryptedExtensions());
      case HandshakeType.CertificateRequest:
        return twin.send(twin.certificateRequest());
      case HandshakeType.Certificate:
        return twin.send(twin.certificate());
      case HandshakeType.CertificateVerify:
        return twin.send(twin.certificateVerify());
      case HandshakeType.Finished:
        return twin.send(twin.finished());
      case HandshakeType.NewSessionTicket:
        return twin.write.seal(ContentType.Handshake, twin.ticket());
      case HandshakeType.KeyUpdate:
        return twin.keyUpdate(0);
      default:
        throw new Error(`no step for ${row.message}`);
    }
  }

  #retryGroup(): number {
    const twin = this.twin as Twin13;
    twin.share = new TwinShare(23);
    return 23;
  }

  #oldStep(twin: Twin12, row: Row): Buffer {
    switch (row.message) {
      case HandshakeType.ServerHello: {
        const ticketed = this.#path.some((r) => r.next === State.ExpectTicket);
        const extensions = soundExtensions(
          ...(ticketed ? [[ExtensionType.SessionTicket, Buffer.alloc(0)] as [number, Buffer]] : []),
        );
        if (!this.resumes) return twin.send(twin.serverHello({ extensions }));
        const record = twin.send(twin.serverHello({ extensions, sessionId: twin.hello.sessionId }));
        twin.master = this.kept.tls12!.secret;
        twin.deriveKeys();
        return record;
      }
      case HandshakeType.Certificate:
        return twin.send(twin.certificate());
      case HandshakeType.ServerKeyExchange:
        return twin.send(twin.serverKeyExchange());
      case HandshakeType.CertificateRequest:
        return twin.send(twin.certificateRequest());
      case HandshakeType.ServerHelloDone:
        return twin.send(twin.serverHelloDone());
      case HandshakeType.NewSessionTicket:
        return twin.send(twin.ticket());
      case changeCipherSpecRow:
        twin.startWriting();
        return changeCipherSpec;
      case HandshakeType.Finished:
        return twin.send(twin.finished());
      case HandshakeType.HelloRequest:
        return twin.write.seal(ContentType.Handshake, Buffer.alloc(4));
      default:
        throw new Error(`no step for ${row.message}`);
    }
  }

  /** Application data of both directions. */
  echo(text: string): string {
    this.twin.receive(this.device.write(Buffer.from(text)));
    const answer = this.twin.write.seal(ContentType.ApplicationData, this.twin.applicationData);
    return Buffer.from(this.device.feed(answer)).toString();
  }

  free(): void {
    this.device.free();
  }
}

/** Runs a first connection of each version, for its session. */
export function keepSessions(
  bench: Bench,
  issued: Issued,
  options: DeviceOptions,
  rows: Row[],
  rsa?: Issued,
): KeptAll {
  const way = (goal: State, through: State) =>
    paths(rows, goal).find(
      (path) => path[0]!.next === through && path.some((r) => r.message === HandshakeType.Certificate),
    )!;
  const newer = new Walk(bench, issued, options, way(State.Connected, State.ExpectEncryptedExtensions)).run();
  const twin = newer.twin as Twin13;
  newer.device.feed(twin.write.seal(ContentType.Handshake, twin.ticket()));
  const tls13 = { session: newer.device.session()!, secret: twin.ticketSecret() };
  newer.free();
  const ticketed = paths(rows, State.Established).find(
    (path) =>
      path[0]!.next === State.ExpectServerCertificate && path.some((r) => r.next === State.ExpectTicket),
  )!;
  const older = new Walk(bench, issued, options, ticketed).run();
  const tls12 = { session: older.device.session()!, secret: Buffer.from((older.twin as Twin12).master) };
  older.free();
  return { tls13, tls12, rsa };
}

export const emptyMessage = (type: number) => Buffer.from([type, 0, 0, 0]);
