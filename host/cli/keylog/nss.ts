// The key log format (SSLKEYLOGFILE, RFC 9850): `LABEL client_random secret`, all hexadecimal, a line each.
//
// RFC 9850 means it for systems where TLS protects test data alone, since who reads the log reads the sessions. That is why
// `keylog` is for programs of one's own that know no better way: their log lies in a folder that only this user can open, goes
// when the run ends, and the proxy gets of it what the grant names. A log that `--file` names is in its writer's care.

import { joined, secretBytes } from '../../delegation/secret_bytes.js';
import { toHex } from '../../delegation/text.js';
import { Version } from '../../tls/numbers.js';

export interface LoggedSession {
  tlsVersion: Version.Tls12 | Version.Tls13;
  clientRandom: Uint8Array;
  /** The master secret of TLS 1.2, or both application traffic secrets of TLS 1.3. */
  secrets: Uint8Array;
  /** Both handshake traffic secrets of TLS 1.3; empty before. */
  handshakeSecrets: Uint8Array;
}

/** The secrets of a TLS 1.3 session, in the order in which DELIVER has them. */
const TLS13_LABELS = [
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
] as const;
type Label = (typeof TLS13_LABELS)[number];
const LONGEST_LABEL = Math.max(...TLS13_LABELS.map(({ length }) => length)) + 1;

/** Half-told TLS 1.3 sessions that are remembered; the oldest goes first. */
const HALVES = 1024;
const LINE_LIMIT = 1024;
const RANDOM_BYTES = 32;
const [LF, CR, SPACE] = [0x0a, 0x0d, 0x20];

/**
 * Finds whole sessions in a growing log, however it is cut. Secrets never become text, which nobody can wipe, and every place where
 * one lay is wiped.
 */
export class KeyLogParser {
  readonly #halves = new Map<string, Map<Label, Uint8Array>>();
  readonly #line = secretBytes(LINE_LIMIT);
  #length = 0;
  /** The line is too long to be one of a log: its rest is passed over. */
  #isLost = false;

  /** Wipes `bytes`. The secrets of what it gives are the caller's to wipe. */
  push(bytes: Uint8Array): LoggedSession[] {
    const sessions: LoggedSession[] = [];
    for (const byte of bytes) {
      if (byte === LF) {
        const session = this.#isLost ? undefined : this.#onLine(this.#line.subarray(0, this.#length));
        if (session !== undefined) sessions.push(session);
        this.#forgetLine();
      } else if (this.#length === LINE_LIMIT) this.#isLost = true;
      else this.#line[this.#length++] = byte;
    }
    bytes.fill(0);
    return sessions;
  }

  /** Wipes what is half told. */
  end(): void {
    this.#forgetLine();
    while (this.#halves.size > 0) this.#forgetOldest(0);
  }

  #forgetLine(): void {
    this.#line.fill(0);
    this.#length = 0;
    this.#isLost = false;
  }

  #onLine(line: Uint8Array): LoggedSession | undefined {
    const end = line.at(-1) === CR ? line.length - 1 : line.length;
    const space = line.indexOf(SPACE);
    const name = Buffer.from(line.subarray(0, Math.max(0, Math.min(space, LONGEST_LABEL)))).toString(
      'latin1',
    );
    const label = TLS13_LABELS.find((each) => each === name.toUpperCase());
    const isTls12 = name.toUpperCase() === 'CLIENT_RANDOM';
    const secretAt = space + 2 + 2 * RANDOM_BYTES;
    if ((label === undefined && !isTls12) || line[secretAt - 1] !== SPACE) return undefined;
    const clientRandom = hexBytes(line.subarray(space + 1, secretAt - 1));
    const secret = hexBytes(line.subarray(secretAt, end));
    if (clientRandom === undefined || secret === undefined) return undefined;
    if (label === undefined) {
      if (secret.length === 48) {
        return {
          tlsVersion: Version.Tls12,
          clientRandom,
          secrets: secret,
          handshakeSecrets: new Uint8Array(0),
        };
      }
    } else if (secret.length >= 32 && secret.length <= 64) return this.#onHalf(label, clientRandom, secret);
    secret.fill(0);
    return undefined;
  }

  #onHalf(label: Label, clientRandom: Uint8Array, secret: Uint8Array): LoggedSession | undefined {
    const key = toHex(clientRandom);
    const half = this.#halves.get(key) ?? new Map<Label, Uint8Array>();
    half.get(label)?.fill(0);
    half.set(label, secret);
    const found = TLS13_LABELS.flatMap((each) => half.get(each) ?? []);
    if (found.length < TLS13_LABELS.length) {
      this.#halves.set(key, half);
      this.#forgetOldest(HALVES);
      return undefined;
    }
    this.#halves.delete(key);
    const session: LoggedSession = {
      tlsVersion: Version.Tls13,
      clientRandom,
      secrets: joined(found.slice(0, 2)),
      handshakeSecrets: joined(found.slice(2)),
    };
    for (const part of found) part.fill(0);
    return session;
  }

  #forgetOldest(most: number): void {
    const [oldest] = this.#halves;
    if (this.#halves.size <= most || oldest === undefined) return;
    const [key, half] = oldest;
    for (const part of half.values()) part.fill(0);
    this.#halves.delete(key);
  }
}

/** Undefined for what is no whole number of bytes, in hexadecimal digits of either case. */
function hexBytes(digits: Uint8Array): Uint8Array | undefined {
  const bytes = secretBytes(digits.length >> 1);
  let isHex = digits.length % 2 === 0;
  for (let at = 0; at < bytes.length; at++) {
    const high = digitOf(digits[2 * at] ?? 0);
    const low = digitOf(digits[2 * at + 1] ?? 0);
    if (high < 0 || low < 0) isHex = false;
    bytes[at] = (high << 4) | low;
  }
  if (isHex) return bytes;
  bytes.fill(0);
  return undefined;
}

function digitOf(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = character | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
