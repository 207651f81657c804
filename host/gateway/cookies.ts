// The cookies of one person: kept here, because an old browser knows neither Secure nor SameSite, and sees every site by
// `http:`. RFC 6265bis by tough-cookie.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { CookieJar, type SerializedCookie } from 'tough-cookie';
import { DeputyError } from '../delegation/error.js';
import { urlOf, type WebAddress } from './address.js';

/** From where a request comes: it decides which cookies go along (RFC 6265bis §5.2). */
export type SiteContext = 'strict' | 'lax' | 'none';

/** RFC 6265bis §5.5 asks for 50 a domain and 3000 in all at the least. */
const PER_DOMAIN = 100;
const IN_ALL = 3000;
/** Bytes of one Set-Cookie line; longer ones are dropped (RFC 6265bis §5.6). */
const LINE_LIMIT = 4096;

export interface KeptCookie {
  domain: string;
  path: string;
  name: string;
  /** False for one that is forgotten when the program ends. */
  isLasting: boolean;
}

export class Cookies {
  #jar: CookieJar;
  readonly #file: string | undefined;

  /** `file` keeps them; it is readable by its owner alone, which is all that protects it. */
  private constructor(jar: CookieJar, file: string | undefined) {
    this.#jar = jar;
    this.#file = file;
  }

  /** Throws DeputyError COOKIES_UNREADABLE where the file is there and is no cookie jar. */
  static open(file?: string): Cookies {
    const text = file === undefined ? undefined : contentOf(file);
    if (text === undefined) return new Cookies(new CookieJar(undefined, { looseMode: true }), file);
    try {
      return new Cookies(CookieJar.deserializeSync(text), file);
    } catch (error) {
      throw new DeputyError('COOKIES_UNREADABLE', `${file} is no cookie jar of deputy: move it away`, {
        cause: error,
      });
    }
  }

  /** The Cookie header for a request; empty for none. */
  headerFor(address: WebAddress, context: SiteContext): string {
    return this.#jar.getCookieStringSync(urlOf(address), { sameSiteContext: context });
  }

  /** Takes the Set-Cookie headers of an answer. What RFC 6265bis refuses is dropped without a word. */
  keep(address: WebAddress, lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of lines) {
      if (line.length <= LINE_LIMIT) this.#jar.setCookieSync(line, urlOf(address), { ignoreError: true });
    }
    this.#bound();
    this.#save();
  }

  list(): KeptCookie[] {
    return this.#all().map((cookie) => ({
      domain: `${cookie.domain ?? ''}`,
      path: `${cookie.path ?? '/'}`,
      name: cookie.key ?? '',
      isLasting: isLasting(cookie),
    }));
  }

  /** Of a domain, or all. */
  forget(domain?: string): void {
    this.#keepOnly(this.#all().filter((cookie) => domain !== undefined && cookie.domain !== domain));
    this.#save();
  }

  #all(): SerializedCookie[] {
    return this.#jar.serializeSync()?.cookies ?? [];
  }

  /** The least recently used give way (RFC 6265bis §5.6). */
  #bound(): void {
    const cookies = this.#all();
    const counts = new Map<unknown, number>();
    const count = (domain: unknown) => {
      counts.set(domain, (counts.get(domain) ?? 0) + 1);
      return counts.get(domain) ?? 0;
    };
    if (cookies.every(({ domain }) => count(domain) <= PER_DOMAIN) && cookies.length <= IN_ALL) return;
    counts.clear();
    const newest = cookies.sort((a, b) => `${b.lastAccessed}`.localeCompare(`${a.lastAccessed}`));
    this.#keepOnly(newest.slice(0, IN_ALL).filter(({ domain }) => count(domain) <= PER_DOMAIN));
  }

  #keepOnly(cookies: SerializedCookie[]): void {
    const serialized = this.#jar.serializeSync();
    if (serialized !== undefined) this.#jar = CookieJar.deserializeSync({ ...serialized, cookies });
  }

  #save(): void {
    if (this.#file === undefined) return;
    const serialized = this.#jar.serializeSync();
    const cookies = serialized?.cookies.filter(isLasting);
    const text = JSON.stringify({ ...serialized, cookies });
    // Whole or not at all: a crash leaves the file before it.
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Whether a cookie outlives its browser: by a date, or by seconds from when it came (RFC 6265 §5.3). */
const isLasting = ({ expires, maxAge }: SerializedCookie): boolean =>
  (typeof expires === 'string' && expires !== 'Infinity') || typeof maxAge === 'number';

function contentOf(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    chmodSync(file, 0o600);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
