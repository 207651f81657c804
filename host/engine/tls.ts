// The typed face of build/client.wasm: the device's TLS client. No I/O: bytes in, bytes out.

import { ErrorCode } from '../../assembly/alert.js';
import { Version } from '../tls/numbers.js';
import { TlsConnection } from './connection.js';
import { checked, type TlsError, tlsError } from './error.js';
import { ascii, Guest, uint16List } from './guest.js';
import type { Program } from './program.js';

export { type ConnectionFlags, type ConnectionInfo, type CryptoBytes, TlsConnection } from './connection.js';
export { TlsError } from './error.js';

/** A version of SSL or TLS as it stands on the wire. Those before 0x0303 need `legacy`. */
export type TlsVersion = Version;

/**
 * Whether X25519MLKEM768 (RFC 10024), which no quantum computer to come opens, is offered: not at all; so that the server may
 * ask for its key share, which costs a round trip; or with the key share, which makes the first message 1.2 KB longer.
 */
export type PostQuantum = 'off' | 'offer' | 'share';
export const POST_QUANTUM: readonly PostQuantum[] = ['off', 'offer', 'share'];
const X25519_MLKEM768 = 4588;
/** X25519, P-256, P-384. */
const CURVES = [29, 23, 24];

export interface TlsOptions {
  /** DNS name in ASCII (A-labels) or an IP address: sent as SNI where it is a name, and checked in the certificate. */
  serverName: string;
  trust: TrustAnchors;
  /** Seconds since 1970 by the device's clock: decides on the certificates' validity. */
  unixTime: number;
  /** It may be later: certificates may begin to be valid after `unixTime`, but none may have ended before it. Off by default. */
  leastTime?: boolean;
  /** Protocols to offer, best first. */
  alpn?: string[];
  /**
   * Also SSL 3.0, TLS 1.0 and 1.1, key exchange by RSA and in finite fields, RC4, DES, 3DES, DSA, RSA keys of 1024 bits, and
   * signatures with SHA-1 and MD5: for servers of old, and for nothing else. Off by default.
   */
  legacy?: boolean;
  /** Roots hold whatever their dates say, on a device whose roots nobody renews. Off by default. */
  expiredRoots?: boolean;
  /**
   * Asks for records of at most so many bytes of plaintext, 512 to 16384: the connection’s memory shrinks with it. Where the
   * server agrees to write and take no longer ones, the session can be delivered to `observe` alone.
   */
  recordLimit?: number;
  /** 0x0303 by default, 0x0300 with `legacy`. */
  minVersion?: TlsVersion;
  maxVersion?: TlsVersion;
  /** Numbers of the IANA registry, in order of preference. */
  cipherSuites?: number[];
  groups?: number[];
  /** Where no groups are given; `offer` unless told. */
  postQuantum?: PostQuantum;
  /** DER certificates, leaf first, and the DER private key of the leaf. */
  clientCertificate?: { chain: Uint8Array[]; key: Uint8Array };
  /** What `takeSession` gave on an earlier connection to the same server. */
  session?: Uint8Array;
}

/** What the program says of a root that it keeps only to give the reason where a path needs it (assembly/x509/trust.ts). */
export const keptUnusable: ReadonlySet<number> = new Set([
  ErrorCode.CertificateKey,
  ErrorCode.CertificateWeakKey,
  ErrorCode.CertificateCriticalExtension,
]);

/** The roots that a connection trusts; many connections may share them. */
export class TrustAnchors {
  #users = 0;
  #freed = false;

  constructor(
    readonly guest: Guest,
    readonly pointer: number,
    /** Those that can be used. */
    readonly count: number,
    /** Why others can't be used: of each root its place among those given, and what is wrong with it. */
    readonly skipped: readonly TlsError[],
  ) {}

  /** Keeps the roots for a connection; the function given back lets them go. */
  hold(): () => void {
    if (this.#freed) throw tlsError(ErrorCode.WrongState, 'these roots were freed');
    this.#users++;
    return () => {
      this.#users--;
      this.#release();
    };
  }

  /** Gives the memory back, as soon as no connection uses the roots. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#release();
  }

  #release(): void {
    if (this.#freed && this.#users === 0) this.guest.exports.trustFree!(this.pointer);
  }
}

/** One instance of the TLS program. It serves many connections, one call at a time. */
export class TlsEngine {
  readonly kind: Program['engine'];
  readonly #guest: Guest;
  readonly #connections = new Set<TlsConnection>();
  /** Of connections that were freed. */
  #pastBytes = 0;

  constructor(program: Program) {
    this.kind = program.engine;
    this.#guest = new Guest(program);
  }

  /** Plaintext bytes that this engine's ciphers sealed and opened, on all its connections so far. */
  get cryptoBytes(): number {
    let total = this.#pastBytes;
    for (const connection of this.#connections) {
      const { sealed, opened } = connection.bytes();
      total += sealed + opened;
    }
    return total;
  }

  /** Linear memory of the program in bytes, connections included. */
  get memoryBytes(): number {
    return this.#guest.memory().length;
  }

  /** Seeds the random generator, or adds to its seed: at least 32 bytes from a cryptographic source. */
  seed(entropy: Uint8Array): void {
    this.#guest.lend(entropy, (pointer, length) => checked(this.#guest.exports.seed!(pointer, length)));
  }

  /**
   * Parses root certificates in DER. One that the engine can't use is skipped; a path that needs it fails by the same reason,
   * where it is a certificate at all. Throws TlsError where none is one.
   */
  addRoots(ders: readonly Uint8Array[]): TrustAnchors {
    return this.#addAll('trustAdd', (add) => {
      for (const der of ders) add(der, ders.length);
    });
  }

  /** The same for roots of which `each` gives no certificate but a description (assembly/x509/root_description.ts). */
  addDescribedRoots(each: (add: (description: Uint8Array, total: number) => void) => void): TrustAnchors {
    return this.#addAll('trustAddDescribed', each);
  }

  #addAll(
    how: 'trustAdd' | 'trustAddDescribed',
    each: (add: (root: Uint8Array, total: number) => void) => void,
  ): TrustAnchors {
    const { trustNew, trustFree } = this.#guest.exports;
    const trust = trustNew!();
    if (trust === 0) throw tlsError(ErrorCode.NoMemory);
    const skipped: TlsError[] = [];
    let count = 0;
    let kept = 0;
    try {
      each((root, total) => {
        count++;
        const result = this.#guest.lend(root, (pointer, length) =>
          this.#guest.exports[how]!(trust, pointer, length),
        );
        if (result === 0 || keptUnusable.has(result)) kept++;
        if (result === 0) return;
        const error = tlsError(result, `root certificate ${count} of ${total}`);
        if (result === ErrorCode.NoMemory) throw error;
        skipped.push(error);
      });
      if (kept === 0 && skipped[0] !== undefined) throw skipped[0];
    } catch (error) {
      trustFree!(trust);
      throw error;
    }
    return new TrustAnchors(this.#guest, trust, count - skipped.length, skipped);
  }

  /**
   * Judges a server's certificates (DER, the leaf first) for `host`, a DNS name or an IP address, at `unixTime` in seconds. Throws
   * the TlsError that a handshake would end with.
   */
  verifyChain(trust: TrustAnchors, chain: readonly Uint8Array[], host: string, unixTime: number): void {
    if (trust.guest !== this.#guest) throw tlsError(ErrorCode.NoTrust, 'the roots are another engine’s');
    this.#guest.lend(certificateList(chain), (list, length) =>
      this.#guest.lend(ascii(host, 'the host'), (name, nameLength) =>
        checked(
          this.#guest.exports.chainVerify!(
            trust.pointer,
            list,
            length,
            name,
            nameLength,
            Math.floor(unixTime),
          ),
        ),
      ),
    );
  }

  /**
   * Throws TlsError unless the owner of `key` (SubjectPublicKeyInfo in DER: Ed25519, or P-256 with SHA-256) made `signature` over
   * `message`.
   */
  verifyMessage(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    const guest = this.#guest;
    guest.lend(key, (info, infoLength) =>
      guest.lend(message, (at, length) =>
        guest.lend(signature, (sign, signLength) =>
          checked(guest.exports.messageVerify!(info, infoLength, at, length, sign, signLength)),
        ),
      ),
    );
  }

  /** A configured connection, not yet started. Throws TlsError where an option can't be used. */
  connect(options: TlsOptions): TlsConnection {
    const { connectionNew, connectionFree } = this.#guest.exports;
    if (options.trust.guest !== this.#guest)
      throw tlsError(ErrorCode.NoTrust, 'the roots are another engine’s');
    const pointer = connectionNew!();
    if (pointer === 0) throw tlsError(ErrorCode.NoMemory);
    let letGo: (() => void) | undefined;
    try {
      letGo = options.trust.hold();
      this.#configure(pointer, options);
    } catch (error) {
      connectionFree!(pointer);
      letGo?.();
      throw error;
    }
    const release = letGo;
    const connection: TlsConnection = new TlsConnection(this.#guest, pointer, ({ sealed, opened }) => {
      this.#pastBytes += sealed + opened;
      this.#connections.delete(connection);
      release();
    });
    this.#connections.add(connection);
    return connection;
  }

  #configure(c: number, options: TlsOptions): void {
    const x = this.#guest.exports;
    const give = (name: string, bytes: Uint8Array, what: string, count?: number) =>
      this.#guest.lend(bytes, (pointer, length) => checked(x[name]!(c, pointer, count ?? length), what));

    const {
      legacy = false,
      expiredRoots = false,
      leastTime = false,
      recordLimit,
      cipherSuites,
      alpn,
      session,
    } = options;
    const { postQuantum = 'offer', groups = postQuantum === 'off' ? CURVES : undefined } = options;
    const { minVersion, maxVersion } = versionsOf(options);
    give('configureServerName', ascii(options.serverName, 'the server name'), 'the server name');
    if (legacy) checked(x.configureLegacy!(c, 1), 'legacy');
    if (recordLimit !== undefined) checked(x.configureRecordLimit!(c, recordLimit), 'recordLimit');
    if (leastTime) checked(x.configureLeastTime!(c, 1), 'leastTime');
    if (expiredRoots) checked(x.configureExpiredRoots!(c, 1), 'expiredRoots');
    checked(x.configureVersions!(c, minVersion, maxVersion), 'minVersion, maxVersion');
    if (cipherSuites) give('configureSuites', uint16List(cipherSuites), 'cipherSuites', cipherSuites.length);
    if (groups) give('configureGroups', uint16List(groups), 'groups', groups.length);
    if (postQuantum === 'share') checked(x.configureShare!(c, X25519_MLKEM768), 'postQuantum');
    if (alpn?.length) give('configureAlpn', protocolNames(alpn), 'alpn');
    checked(x.configureTrust!(c, options.trust.pointer), 'trust');
    checked(x.configureTime!(c, Math.floor(options.unixTime)), 'unixTime');
    if (options.clientCertificate) {
      const { chain, key } = options.clientCertificate;
      this.#guest.lend(certificateList(chain), (list, listLength) =>
        this.#guest.lend(key, (der, derLength) =>
          checked(
            x.configureClientCertificate!(c, list, listLength, der, derLength),
            'the client certificate',
          ),
        ),
      );
    }
    if (session) give('configureSession', session, 'the session');
  }
}

/** A version without a suite on offer would only end in handshake_failure: it is not offered unless asked for. */
function versionsOf({ legacy, cipherSuites = [], ...asked }: TlsOptions) {
  const ofTls13 = cipherSuites.filter((suite) => suite >> 8 === 0x13).length;
  const has = { old: ofTls13 < cipherSuites.length, tls13: ofTls13 > 0 };
  const oldest = legacy ? Version.Ssl30 : Version.Tls12;
  const { minVersion = has.tls13 && !has.old ? Version.Tls13 : oldest } = asked;
  const { maxVersion = has.old && !has.tls13 ? Math.max(Version.Tls12, minVersion) : Version.Tls13 } = asked;
  return { minVersion, maxVersion };
}

/** ProtocolName entries (RFC 7301 §3.1), without the list's own length. */
function protocolNames(names: readonly string[]): Uint8Array {
  const entries = names.map((name) => ascii(name, 'a protocol name'));
  if (entries.some(({ length }) => length === 0 || length > 255))
    throw tlsError(ErrorCode.BadArgument, 'alpn');
  return new Uint8Array(entries.flatMap((entry) => [entry.length, ...entry]));
}

/** Each certificate behind its length in 24 bits (RFC 5246 §7.4.2). */
function certificateList(chain: readonly Uint8Array[]): Uint8Array {
  const list = new Uint8Array(chain.reduce((length, der) => length + 3 + der.length, 0));
  let at = 0;
  for (const der of chain) {
    list.set([der.length >> 16, (der.length >> 8) & 255, der.length & 255], at);
    list.set(der, at + 3);
    at += 3 + der.length;
  }
  return list;
}
