// Who may see the operator's page: anyone who has the address with the token in it, from this machine, by its own name.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';

/** Bytes of a token before it is written as text. */
const TOKEN_BYTES = 32;

export const isLoopback = (host: string): boolean =>
  host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));

/**
 * Whether the request names this machine: a page of another site whose name was made to lead here (DNS rebinding) names
 * that site. The port may be another where it is forwarded.
 */
export function namesThisMachine({ headers }: IncomingMessage): boolean {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(headers.host ?? '');
  return match !== null && isLoopback((match[1] ?? match[2]!).toLowerCase());
}

/** A request that changes something comes from the page itself (fetch standard, Origin; Fetch Metadata §2.3). */
export function isFromThePage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return headers.origin === `http://${headers.host}` && (site === undefined || site === 'same-origin');
}

export class Access {
  readonly token: string;
  readonly #tokenDigest: Buffer;
  readonly #cookie = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #cookieDigest = digest(this.#cookie);

  /** Throws TypeError for a token that could be guessed. */
  constructor(token = randomBytes(TOKEN_BYTES).toString('base64url')) {
    if (!/^[\w.~-]{16,256}$/.test(token)) {
      throw new TypeError("the operator's token must have 16 to 256 letters, digits, '-', '_', '.' and '~'");
    }
    this.token = token;
    this.#tokenDigest = digest(token);
  }

  /** Constant time in the token's content. */
  hasToken(token: string | null): boolean {
    return token !== null && timingSafeEqual(digest(token), this.#tokenDigest);
  }

  /** Constant time in the cookie's content. */
  hasCookie({ headers, socket }: IncomingMessage): boolean {
    const name = cookieName(socket.localPort);
    const values = (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1));
    return values.some((value) => timingSafeEqual(digest(value), this.#cookieDigest));
  }

  /** Scripts don't see it, and other sites' requests don't bear it. */
  setCookie({ socket }: IncomingMessage): string {
    return `${cookieName(socket.localPort)}=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict`;
  }
}

/** Cookies know no ports (RFC 6265 §8.5), and another proxy may run beside this one. */
const cookieName = (port: number | undefined) => `deputy-operator-${port}`;

const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
