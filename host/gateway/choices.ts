// What one person chose on the start page: kept in their folder, so that it holds after a restart.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DeputyError } from '../delegation/error.js';
import { type GrantName, parseGrant } from '../delegation/grant.js';

/** How a site is reached: as the rules say, with a grant of one's own, without the proxy seeing it, or not at all. */
export type SiteChoice = GrantName | 'original' | 'deny';

interface Kept {
  /** Name of a profile. */
  profile?: string;
  sites?: Record<string, SiteChoice>;
  /** Hosts that may be visited without HTTPS. */
  plain?: string[];
  /** Hosts that have shown HTTPS: they are never visited without it again (as RFC 6797 has it). */
  secure?: string[];
}

/** Hosts that are remembered of each kind; the oldest are forgotten first. */
const HOSTS = 2000;

export class Choices {
  profile: string | undefined;
  readonly #sites: Map<string, SiteChoice>;
  readonly #plain: Set<string>;
  readonly #secure: Set<string>;
  readonly #file: string | undefined;

  private constructor(kept: Kept, file: string | undefined) {
    this.profile = kept.profile;
    this.#sites = new Map(Object.entries(kept.sites ?? {}).filter(([, choice]) => isSiteChoice(choice)));
    this.#plain = new Set(kept.plain ?? []);
    this.#secure = new Set(kept.secure ?? []);
    this.#file = file;
  }

  /** Throws DeputyError CHOICES_UNREADABLE. */
  static open(file?: string): Choices {
    if (file === undefined || !existsSync(file)) return new Choices({}, file);
    try {
      return new Choices(JSON.parse(readFileSync(file, 'utf8')) as Kept, file);
    } catch (error) {
      throw new DeputyError('CHOICES_UNREADABLE', `${file} can't be read: move it away`, { cause: error });
    }
  }

  siteOf(host: string): SiteChoice | undefined {
    return this.#sites.get(host);
  }

  /** Throws DeputyError SITE_DENIED for a host that this person does not want to visit. */
  refuseDenied(host: string): void {
    if (this.siteOf(host) === 'deny')
      throw new DeputyError('SITE_DENIED', 'you chose not to visit this site');
  }

  get sites(): ReadonlyMap<string, SiteChoice> {
    return this.#sites;
  }

  chooseProfile(name: string | undefined): void {
    this.profile = name;
    this.#save();
  }

  /** Undefined: as the rules say. */
  chooseSite(host: string, choice: SiteChoice | undefined): void {
    this.#sites.delete(host);
    if (choice !== undefined) this.#sites.set(host, choice);
    const [oldest] = this.#sites.keys();
    if (this.#sites.size > HOSTS && oldest !== undefined) this.#sites.delete(oldest);
    this.#save();
  }

  mayBePlain(host: string): boolean {
    return this.#plain.has(host);
  }

  allowPlain(host: string): void {
    remember(this.#plain, host);
    this.#save();
  }

  isSecure(host: string): boolean {
    return this.#secure.has(host);
  }

  /** `host` has shown HTTPS. */
  markSecure(host: string): void {
    if (this.#secure.has(host)) return;
    remember(this.#secure, host);
    this.#save();
  }

  #save(): void {
    if (this.#file === undefined) return;
    const kept: Kept = {
      ...(this.profile !== undefined && { profile: this.profile }),
      sites: Object.fromEntries(this.#sites),
      plain: [...this.#plain],
      secure: [...this.#secure],
    };
    writeFileSync(`${this.#file}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function remember(hosts: Set<string>, host: string): void {
  hosts.delete(host);
  hosts.add(host);
  const [oldest] = hosts;
  if (hosts.size > HOSTS && oldest !== undefined) hosts.delete(oldest);
}

export const isSiteChoice = (text: unknown): text is SiteChoice =>
  text === 'original' || text === 'deny' || (typeof text === 'string' && parseGrant(text) !== undefined);
