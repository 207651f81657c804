// The key log format (SSLKEYLOGFILE, RFC 9850): `LABEL client_random secret`, all hexadecimal, a line each.
//
// RFC 9850 means it for systems where TLS protects test data alone, since who reads the log reads the sessions. That is why
// `keylog` is for programs of one's own that know no better way: their log lies in a folder that only this user can open, goes
// when the run ends, and the proxy gets of it what the grant names. A log that `--file` names is in its writer's care.

export interface LoggedSession {
  tlsVersion: 0x0303 | 0x0304;
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

const LINE = new RegExp(
  `^(CLIENT_RANDOM|${TLS13_LABELS.join('|')}) ([0-9a-f]{64}) ((?:[0-9a-f]{2}){32,64})$`,
  'i',
);
/** Half-told TLS 1.3 sessions that are remembered; the oldest goes first. */
const HALVES = 1024;
const LINE_LIMIT = 1024;

/** Finds whole sessions in a growing log, however it is cut. */
export class KeyLogParser {
  readonly #halves = new Map<string, Map<Label, Uint8Array>>();
  #rest = '';

  push(text: string): LoggedSession[] {
    const lines = (this.#rest + text).split('\n');
    const rest = lines.pop() ?? '';
    this.#rest = rest.length > LINE_LIMIT ? '' : rest;
    return lines.flatMap((line) => this.#onLine(line.trim()) ?? []);
  }

  #onLine(line: string): LoggedSession | undefined {
    const [, name = '', random = '', secret = ''] = LINE.exec(line) ?? [];
    if (name === '') return undefined;
    const bytes = new Uint8Array(Buffer.from(secret, 'hex'));
    const clientRandom = new Uint8Array(Buffer.from(random, 'hex'));
    const label = TLS13_LABELS.find((each) => each === name.toUpperCase());
    if (label === undefined) {
      if (bytes.length !== 48) return undefined;
      return { tlsVersion: 0x0303, clientRandom, secrets: bytes, handshakeSecrets: new Uint8Array(0) };
    }
    const key = random.toLowerCase();
    const half = this.#halves.get(key) ?? new Map<Label, Uint8Array>();
    half.set(label, bytes);
    const found = TLS13_LABELS.flatMap((each) => half.get(each) ?? []);
    if (found.length < TLS13_LABELS.length) {
      this.#halves.set(key, half);
      this.#forgetOldest();
      return undefined;
    }
    this.#halves.delete(key);
    const join = (parts: readonly Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
    const session: LoggedSession = {
      tlsVersion: 0x0304,
      clientRandom,
      secrets: join(found.slice(0, 2)),
      handshakeSecrets: join(found.slice(2)),
    };
    for (const part of found) part.fill(0);
    return session;
  }

  #forgetOldest(): void {
    const [oldest] = this.#halves;
    if (this.#halves.size <= HALVES || oldest === undefined) return;
    const [key, half] = oldest;
    for (const part of half.values()) part.fill(0);
    this.#halves.delete(key);
  }
}
