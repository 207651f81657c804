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
    const [, token] = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(value ?? '') ?? [];
    if (token !== undefined) return this.byToken(token);
    const basic = readBasic(value);
    return basic === undefined ? undefined : this.byToken(basic.password);
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

/**
 * Whether credentials ask for a mirror leg by the user's name, `mirror` or `mirror+NAME`: what the header Deputy-Session
 * says for programs that can send it, as browsers can't.
 */
export const wantsMirror = (credentials: string | undefined): boolean =>
  /^mirror(\+|$)/.test(readBasic(credentials)?.user ?? '');

/** RFC 7617 §2. */
function readBasic(value: string | undefined): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(value ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}

const digest = (token: string) => createHash('sha256').update(token, 'utf8').digest();
