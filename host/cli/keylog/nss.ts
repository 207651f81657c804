// The NSS key log format (SSLKEYLOGFILE): `LABEL client_random secret`, all hexadecimal, a line each.

export interface LoggedSession {
  tlsVersion: 0x0303 | 0x0304;
  clientRandom: Uint8Array;
  /** The master secret of TLS 1.2, or both application traffic secrets of TLS 1.3. */
  secrets: Uint8Array;
}

const LINE =
  /^(CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0|SERVER_TRAFFIC_SECRET_0) ([0-9a-f]{64}) ((?:[0-9a-f]{2}){32,64})$/i;
/** Half-told TLS 1.3 sessions that are remembered; the oldest goes first. */
const HALVES = 1024;
const LINE_LIMIT = 1024;

/** Finds whole sessions in a growing log, however it is cut. */
export class KeyLogParser {
  readonly #halves = new Map<string, { client?: Uint8Array; server?: Uint8Array }>();
  #rest = '';

  push(text: string): LoggedSession[] {
    const lines = (this.#rest + text).split('\n');
    const rest = lines.pop()!;
    this.#rest = rest.length > LINE_LIMIT ? '' : rest;
    return lines.flatMap((line) => this.#onLine(line.trim()) ?? []);
  }

  #onLine(line: string): LoggedSession | undefined {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const [, label, random, secret] = match as unknown as [string, string, string, string];
    const bytes = new Uint8Array(Buffer.from(secret, 'hex'));
    if (label.toUpperCase() === 'CLIENT_RANDOM') {
      return bytes.length === 48 ? session(0x0303, random, bytes) : undefined;
    }
    const key = random.toLowerCase();
    const half = this.#halves.get(key) ?? {};
    half[label.toUpperCase().startsWith('CLIENT') ? 'client' : 'server'] = bytes;
    const { client, server } = half;
    if (client === undefined || server === undefined) {
      this.#halves.set(key, half);
      this.#forgetOldest();
      return undefined;
    }
    this.#halves.delete(key);
    const secrets = new Uint8Array([...client, ...server]);
    client.fill(0);
    server.fill(0);
    return session(0x0304, random, secrets);
  }

  #forgetOldest(): void {
    if (this.#halves.size <= HALVES) return;
    const [oldest] = this.#halves.keys();
    const half = this.#halves.get(oldest!)!;
    half.client?.fill(0);
    half.server?.fill(0);
    this.#halves.delete(oldest!);
  }
}

const session = (tlsVersion: 0x0303 | 0x0304, random: string, secrets: Uint8Array): LoggedSession => ({
  tlsVersion,
  clientRandom: new Uint8Array(Buffer.from(random, 'hex')),
  secrets,
});
