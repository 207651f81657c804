// Who may use the proxy: a bearer token, a Basic password that is the token, or a client certificate.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** An admitted client. Deliveries reach only sessions of the same principal. */
export interface Principal {
  /** Unique among principals; fit for a log. */
  name: string;
}

export class Authenticator {
  #tokens: readonly { principal: Principal; digest: Buffer }[] = [];

  /** Throws TypeError for tokens that are none. */
  constructor(tokens: readonly { name: string; token: string }[]) {
    this.replace(tokens);
  }

  /** Admits these from now on, and no others. Throws TypeError, and keeps the old ones. */
  replace(tokens: readonly { name: string; token: string }[]): void {
    this.#tokens = tokens.map(({ name, token }) => {
      if (token.length < 8) throw new TypeError(`the token of ${name} is too short to be one`);
      return { principal: { name: `token:${name}` }, digest: digest(token) };
    });
  }

  /**
   * The principal of a token. Compares digests, all of them each time: constant time in the token's content and in
   * which one it is.
   */
  byToken(token: string): Principal | undefined {
    const wanted = digest(token);
    let found: Principal | undefined;
    for (const { principal, digest } of this.#tokens) {
      if (timingSafeEqual(digest, wanted)) found = principal;
    }
    return found;
  }

  /** Reads a Proxy-Authorization value (RFC 6750 §2.1, RFC 7617 §2). */
  byHeader(value: string | undefined): Principal | undefined {
    const match = /^(bearer|basic) +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(value ?? '');
    if (match === null) return undefined;
    if (match[1]!.toLowerCase() === 'bearer') return this.byToken(match[2]!);
    const text = Buffer.from(match[2]!, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : this.byToken(text.slice(colon + 1));
  }

  /** A certificate that the TLS handshake, or the one that this session resumes, accepted. */
  byCertificate(socket: TLSSocket): Principal | undefined {
    if (!socket.authorized) return undefined;
    const { fingerprint256, subject } = socket.getPeerCertificate();
    if (fingerprint256 === undefined) return undefined;
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
    return { name: `certificate:${subject?.CN ?? ''}:${fingerprint}` };
  }
}

const digest = (token: string) => createHash('sha256').update(token, 'utf8').digest();
