// What origins gave to resume verified sessions with, as far as this proxy saw it: anyone who resumes with one of them is the same
// origin again. Hashes alone are kept.
import { createHash } from 'node:crypto';

/** With whom a verified session is. */
export interface VerifiedIdentity {
  /** In lower case; the name, or the address, that CONNECT asked for. */
  host: string;
  port: number;
  /** Names the roots by which the certificate was judged. */
  judgedBy: string;
  /** SHA-256 of the origin's certificate, hexadecimal. */
  certificate: string;
  /** SHA-256 of the client's own certificate, hexadecimal; empty where it showed none. */
  clientCertificate: string;
}

interface Vouched {
  verified: boolean;
  judgedBy?: string;
  clientCertificate: string;
}

interface Issued {
  identity: VerifiedIdentity;
  /** Unix milliseconds. */
  until: number;
}

const MOST = 16_384;
/** Of one origin: who floods with tickets forgets its own. */
const MOST_OF_ONE = 256;
/** RFC 9846 §4.7.1: seven days at the most. */
const LIFETIME = 604_800_000;

export class IssuedTickets {
  readonly #issued = new Map<string, Issued>();
  /** The names of each origin's, the oldest first. */
  readonly #ofOne = new Map<string, Set<string>>();

  /** What other roots vouched for is not believed any more. */
  constructor(private readonly authorities: { readonly name: string }) {}

  /** `ticket`: or a session id of TLS 1.2. */
  add(ticket: Uint8Array, identity: VerifiedIdentity): void {
    const name = nameOf(ticket);
    this.#forget(name);
    this.#issued.set(name, { identity, until: Date.now() + LIFETIME });
    const own = this.#ofOne.get(originOf(identity)) ?? new Set();
    this.#ofOne.set(originOf(identity), own.add(name));
    const [ownOldest] = own;
    if (own.size > MOST_OF_ONE && ownOldest !== undefined) this.#forget(ownOldest);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size > MOST && oldest !== undefined) this.#forget(oldest);
  }

  #forget(name: string): void {
    const identity = this.#issued.get(name)?.identity;
    if (identity === undefined) return;
    this.#issued.delete(name);
    const own = this.#ofOne.get(originOf(identity));
    own?.delete(name);
    if (own?.size === 0) this.#ofOne.delete(originOf(identity));
  }

  /** Whether what comes from there is good for others: a client's own certificate shows in no answer. */
  vouchesFor({ verified, judgedBy, clientCertificate }: Vouched): boolean {
    return verified && judgedBy === this.authorities.name && clientCertificate === '';
  }

  /** Of whom `ticket` is, if that is the origin at `host` and `port`. */
  find(ticket: Uint8Array, host: string, port: number): VerifiedIdentity | undefined {
    const found = this.#issued.get(nameOf(ticket));
    if (found === undefined || found.until <= Date.now()) return undefined;
    const { identity } = found;
    const isSame = identity.host === host && identity.port === port;
    return isSame && identity.judgedBy === this.authorities.name ? identity : undefined;
  }
}

const originOf = ({ host, port }: VerifiedIdentity): string => `${host} ${port}`;

const nameOf = (ticket: Uint8Array): string => createHash('sha256').update(ticket).digest('base64');
