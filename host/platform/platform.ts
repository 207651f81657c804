// All that the client needs from the machine it runs on. Node's is beside this file, a board's in boards/common.
import type { Program } from '../engine/program.js';

/** A reliable byte stream: TCP, or anything laid over it. */
export interface Transport {
  /** The next bytes, never empty; undefined at the end of the stream. One read at a time. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the stream takes more. The bytes are queued at once, in the order of calls. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends both directions; a pending read ends. Further calls do nothing. */
  close(): void;
  /** Ends the writing direction alone. Absent where the stream has no such end. */
  end?(): Promise<void>;
}

/** The part of AbortSignal that is used; a board without AbortSignal gives its own. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface UrlParts {
  /** With its colon: `https:`. */
  protocol: string;
  /** Lower case; an IPv6 address without brackets. */
  host: string;
  /** The protocol's own where the URL names none. */
  port: number;
  /** Path and query, starting with `/`. */
  path: string;
  /** The whole URL, normalised, without the fragment. */
  href: string;
}

/** Undoes content codings where the machine has them. */
export interface ContentDecoder {
  /** In order of preference, as for Accept-Encoding. */
  readonly codings: readonly string[];
  /** The content of `body`; rejects on damaged input. Reads no more of `body` than its consumer asks for. */
  decode(coding: string, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** A running SHA-256. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** 32 bytes; nothing more is taken after. */
  digest(): Uint8Array;
}

/** What outlasts a restart: a few small things that may be secret. */
export interface Storage {
  /** What is kept under `key` (1 to 32 of a to z, 0 to 9 and `-`); undefined where nothing is. */
  load(key: string): Uint8Array | undefined;
  /** Puts `bytes` in the place of what was kept, all or nothing; no bytes forget it. False where they are not kept. */
  store(key: string, bytes: Uint8Array): boolean;
}

/**
 * Where a client's tickets stay when it ends. They are secrets: anyone who reads them can resume the sessions of this client, and
 * nothing seals them but the storage itself. A failure of either function is taken for no tickets.
 */
export interface TicketStorage {
  /** What was saved last; undefined for nothing. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces it, whole or not at all. The bytes are wiped afterwards. */
  save(bytes: Uint8Array): Promise<void>;
}

/** Servers of which tickets are kept, and how many of each: TLS 1.3 servers send two at a time. */
export const TICKET_SERVERS = 64;
export const TICKETS_A_SERVER = 4;
/** Most bytes that they are. */
export const TICKETS_LIMIT = TICKET_SERVERS * TICKETS_A_SERVER * 5120;

export interface Platform {
  /** Opens TCP. Rejects with an Error whose message says why, or with the signal's reason. */
  connect(host: string, port: number, signal?: CancelSignal): Promise<Transport>;
  /** Unpredictable bytes, fit to seed a generator of keys. */
  entropy(length: number): Uint8Array;
  /** Milliseconds since 1970, 0 where they are not known. Certificates are judged by it. */
  now(): number;
  /** Lets `now` go on from here; absent where there is a clock. */
  setTime?(milliseconds: number): void;
  /** Calls once after `milliseconds`; the result cancels it. */
  setTimer(milliseconds: number, callback: () => void): () => void;
  /** A fresh instance of the device program. */
  loadProgram(): Promise<Program>;
  /** Undefined when `text` (taken relative to `base`, where given) is no URL with a host. */
  parseUrl(text: string, base?: string): UrlParts | undefined;
  readonly contentDecoder?: ContentDecoder;
  /** Bytes that may come before they are read, where memory is dear. 256 KiB unless told. */
  readonly readAhead?: number;
  /** Where hashing what comes costs little: the proxy's receipts are then checked against it. */
  sha256?(): Digest;
  /** Most bytes that the heap ever took, where somebody counts them. */
  heapPeak?(): number;
  /** Absent where nothing outlasts a restart. */
  readonly storage?: Storage;
}
