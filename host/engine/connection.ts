// One TLS connection inside the wasm program. Every method is synchronous; the caller moves the bytes.
import { ErrorCode } from '../../assembly/alert.js';
import type { Grant } from '../delegation/grant.js';
import { checked, TlsError, tlsError } from './error.js';
import { ascii, type Guest, latin1 } from './guest.js';

/** What the connection waits for and allows, at the moment it was asked. */
export class ConnectionFlags {
  readonly #bits: number;

  constructor(bits: number) {
    this.#bits = bits;
  }

  get outputPending(): boolean {
    return (this.#bits & 1) !== 0;
  }
  get wantsInput(): boolean {
    return (this.#bits & 2) !== 0;
  }
  get mayWrite(): boolean {
    return (this.#bits & 4) !== 0;
  }
  get plaintextReady(): boolean {
    return (this.#bits & 8) !== 0;
  }
  get handshakeDone(): boolean {
    return (this.#bits & 16) !== 0;
  }
  /** Nothing more in either direction. */
  get closed(): boolean {
    return (this.#bits & 32) !== 0;
  }
  /** The server sent close_notify. */
  get peerClosed(): boolean {
    return (this.#bits & 64) !== 0;
  }
  get failed(): boolean {
    return (this.#bits & 128) !== 0;
  }
  /** `takeSession` has something to give. */
  get sessionAvailable(): boolean {
    return (this.#bits & 256) !== 0;
  }
  get delivered(): boolean {
    return (this.#bits & 512) !== 0;
  }
  get certificateRequested(): boolean {
    return (this.#bits & 1024) !== 0;
  }
}

export interface ConnectionInfo {
  /** 0x0300 to 0x0304; 0 before the server's choice. */
  version: number;
  cipherSuite: number;
  group: number;
  alpn: string;
  resumed: boolean;
  extendedMasterSecret: boolean;
  /** SHA-256 of the server's certificate. */
  certificateHash: Uint8Array;
  clientRandom: Uint8Array;
  serverRandom: Uint8Array;
}

/** Plaintext bytes through the ciphers. */
export interface CryptoBytes {
  sealed: number;
  opened: number;
}

/** The longest session block (assembly/handshake/session.ts): names, a ticket of 4 KiB, a secret. */
const SESSION_ROOM = 4800;
/** The longest delivery is a TLS 1.2 key block: twice MAC key, key and IV. */
const DELIVERY_ROOM = 512;

export class TlsConnection {
  readonly #guest: Guest;
  readonly #letGo: (bytes: CryptoBytes) => void;
  #pointer: number;

  /** Use TlsEngine.connect. `letGo` runs once, when the connection is freed, and gets its last count. */
  constructor(guest: Guest, pointer: number, letGo: (bytes: CryptoBytes) => void) {
    this.#guest = guest;
    this.#pointer = pointer;
    this.#letGo = letGo;
  }

  /** Begins the handshake: output is pending afterwards. */
  start(): void {
    this.#checked('start');
  }

  /**
   * Takes bytes of the transport, until a plaintext waits to be read or the bytes end.
   * @returns how many were taken: read(), then come again with the rest
   * @throws TlsError; the alert that tells the server is then in takeOutput()
   */
  receive(bytes: Uint8Array): number {
    return this.#feed(bytes, () => false);
  }

  /** As `receive`, but takes no byte beyond the current record's end. */
  receiveRecord(bytes: Uint8Array): number {
    const before = this.#call('recordsReceived');
    return this.#feed(bytes, () => this.#call('recordsReceived') !== before);
  }

  /** The transport has ended. Throws TLS_TRUNCATED unless the server had said close_notify. */
  receiveEnd(): void {
    this.#checked('inputEnded');
  }

  /** Bytes for the transport, undefined where there are none. They count as sent. */
  takeOutput(): Uint8Array | undefined {
    const length = this.#call('outputLength');
    if (length <= 0) return undefined;
    const bytes = this.#guest.copy(this.#call('outputPending'), length);
    this.#call('outputSent', length);
    return bytes;
  }

  /** Seals plaintext, as much as the output has room for. @returns bytes taken: drain the output, then the rest */
  write(plaintext: Uint8Array): number {
    let taken = 0;
    while (taken < plaintext.length) {
      const left = plaintext.length - taken;
      const room = Math.min(this.#call('plaintextRoomLength'), left);
      // What is left of the output after a full record would make a small one, of a size that tells the suite.
      if (room <= 0 || (taken > 0 && room < left)) break;
      this.#guest.memory().set(plaintext.subarray(taken, taken + room), this.#call('plaintextRoom'));
      this.#checked('plaintextWritten', room);
      taken += room;
    }
    return taken;
  }

  /** The plaintext that waits, undefined where there is none. It counts as taken. */
  read(): Uint8Array | undefined {
    const length = this.#call('plaintextLength');
    if (length <= 0) return undefined;
    const bytes = this.#guest.copy(this.#call('plaintextReady'), length);
    this.#call('plaintextTaken', length);
    return bytes;
  }

  /** Says close_notify: output is pending afterwards, and nothing more may be written. */
  close(): void {
    this.#checked('close');
  }

  /** TLS 1.3: changes the sending keys, and asks the server to change its own. */
  keyUpdate(requestPeer: boolean): void {
    this.#checked('keyUpdate', requestPeer ? 1 : 0);
  }

  /** Wipes and frees the connection. Every other method throws TLS_WRONG_STATE afterwards. */
  free(): void {
    if (this.#pointer === 0) return;
    const pointer = this.#pointer;
    try {
      const bytes = this.bytes();
      this.#pointer = 0;
      this.#guest.exports.connectionFree!(pointer);
      this.#letGo(bytes);
    } catch (error) {
      // A stopped program has nothing left to free.
      this.#pointer = 0;
      if (!(error instanceof TlsError)) throw error;
    }
  }

  get flags(): ConnectionFlags {
    return new ConnectionFlags(this.#call('flags'));
  }

  /** What the handshake settled. Zeros and empty values before. */
  info(): ConnectionInfo {
    return {
      version: this.#call('negotiatedVersion'),
      cipherSuite: this.#call('negotiatedSuite'),
      group: this.#call('negotiatedGroup'),
      alpn: latin1(this.#answer(256, (out) => this.#checked('negotiatedAlpn', out, 256))),
      resumed: this.#call('resumed') !== 0,
      extendedMasterSecret: this.#call('extendedMasterSecret') !== 0,
      certificateHash: this.#fixed('peerCertificateHash'),
      clientRandom: this.#fixed('clientRandom'),
      serverRandom: this.#fixed('serverRandom'),
    };
  }

  /** Records on the wire since start, and the index of the first one under the current keys of each direction. */
  records(): { sent: number; received: number; clientEpochStart: number; originEpochStart: number } {
    return {
      sent: this.#call('recordsSent') >>> 0,
      received: this.#call('recordsReceived') >>> 0,
      clientEpochStart: this.#call('clientEpochStart') >>> 0,
      originEpochStart: this.#call('originEpochStart') >>> 0,
    };
  }

  /** Plaintext bytes that went through the device's ciphers, protected handshake messages included. */
  bytes(): CryptoBytes {
    return { sealed: this.#call('bytesSealed') >>> 0, opened: this.#call('bytesOpened') >>> 0 };
  }

  /** Keying material for another protocol (RFC 5705, RFC 9846 §7.5). Before TLS 1.3 no context and an empty one differ. */
  exporter(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    // The program takes address 0 for no context; one byte more gives an empty one an address.
    const room = context === undefined ? 0 : context.length + 1;
    return this.#guest.lend(ascii(label, 'the label'), (labelAt, labelLength) =>
      this.#guest.room(room, (contextAt) =>
        this.#answer(length, (out) => {
          if (context !== undefined) this.#guest.memory().set(context, contextAt);
          this.#checked('exporter', labelAt, labelLength, contextAt, context?.length ?? 0, out, length);
          return length;
        }),
      ),
    );
  }

  /** A session to resume with later, undefined where there is none. Each is given once, and is a secret. */
  takeSession(): Uint8Array | undefined {
    const session = this.#answer(SESSION_ROOM, (out) => this.#checked('sessionTake', out, SESSION_ROOM));
    return session.length > 0 ? session : undefined;
  }

  /**
   * Hands out the secrets of `grant`; save for `observe`, nothing can be sealed afterwards. Empty for `observe` where the keys
   * come later, by `releaseObserved`.
   */
  deliver(grant: Grant): Uint8Array {
    return this.#answer(DELIVERY_ROOM, (out) => this.#checked('deliver', grant, out, DELIVERY_ROOM));
  }

  /**
   * The client's and the server's handshake traffic secret, behind a `deliver`: anyone who got it opens both flights with them. Empty
   * before TLS 1.3, after application data, and when they were given before. Throws TLS_WRONG_STATE before a delivery.
   */
  deliverHandshake(): Uint8Array {
    return this.#answer(DELIVERY_ROOM, (out) => this.#checked('deliverHandshake', out, DELIVERY_ROOM));
  }

  /**
   * Behind `deliver(observe)`: SHA-256 over a random value and the keys that `releaseObserved` will give, for this epoch or for one
   * `ahead` KeyUpdates from now (TLS 1.3; 7 at the most). Empty where none will be released.
   */
  commitObserved(ahead: number): Uint8Array {
    return this.#answer(32, (out) => this.#checked('observedCommit', ahead, out, 32));
  }

  /**
   * The keys that were in force at `deliver(observe)`. Throws TLS_WRONG_STATE until the server has answered a KeyUpdate that
   * asked for one, or both sides have said close_notify. `random` opens the commitment to them.
   */
  releaseObserved(): { secrets: Uint8Array; random: Uint8Array } {
    const released = this.#answer(DELIVERY_ROOM, (out) =>
      this.#checked('observedRelease', out, DELIVERY_ROOM),
    );
    const secrets = released.slice(0, -32);
    const random = released.slice(-32);
    released.fill(0);
    return { secrets, random };
  }

  /**
   * Goes on with a session that was delivered for an epoch, after so many records that the other party sealed and opened since:
   * a KeyUpdate is pending as output afterwards, and locks that party out.
   */
  takeBack(written: number, read: number): void {
    this.#checked('takeBack', written, read);
  }

  /** After a delivery for good, or one for an epoch that does not come back: gives back the room for records (INPUT_SIZE and OUTPUT_SIZE, 22 KiB), and keeps what tickets need. */
  retire(): void {
    this.#checked('retire');
  }

  /** Takes a NewSessionTicket message that the other party received at `unixTime` (seconds); then `takeSession`. */
  importTicket(message: Uint8Array, unixTime: number): void {
    this.#guest.lend(message, (at, length) => this.#checked('ticketImport', at, length, unixTime));
  }

  #feed(bytes: Uint8Array, enough: () => boolean): number {
    let taken = 0;
    while (taken < bytes.length && !enough()) {
      const wanted = Math.min(this.#call('inputRoomLength'), bytes.length - taken);
      if (wanted <= 0) break;
      this.#guest.memory().set(bytes.subarray(taken, taken + wanted), this.#call('inputRoom'));
      taken += wanted;
      this.#checked('inputReceived', wanted);
    }
    return taken;
  }

  /** Lends `room` bytes to `fill`, which returns how many it wrote; the room is wiped. */
  #answer(room: number, fill: (out: number) => number): Uint8Array {
    return this.#guest.room(room, (out) => this.#guest.copy(out, fill(out)));
  }

  #fixed(name: string): Uint8Array {
    return this.#answer(32, (out) => {
      this.#checked(name, out);
      return 32;
    });
  }

  #call(name: string, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
    if (this.#pointer === 0) throw tlsError(ErrorCode.WrongState, 'the connection was freed');
    return this.#guest.exports[name]!(this.#pointer, a, b, c, d, e, f);
  }

  #checked(name: string, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
    return checked(this.#call(name, a, b, c, d, e, f));
  }
}
