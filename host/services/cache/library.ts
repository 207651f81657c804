// Finds stored responses: by the part they belong to, by URL, and by the request headers that Vary names
// (RFC 9111 §4.1).
import { createHash, randomBytes } from 'node:crypto';
import type { HeaderList } from '../../http/header_list.js';
import { splitList } from './directives.js';
import { decodeEntry, type Entry, encodeEntry } from './entry.js';
import type { Store } from './store.js';

/** The stored responses of one URL in one part of the cache. */
export interface Shelf {
  /** Digest of all that keeps it apart from others. */
  name: string;
  /** Of what the request said: answers to different ones are different variants. */
  traits?: string;
}

/** What a stored response depends on beside its URL: Vary's headers, and what the cache adds. */
export interface Selection {
  headers: HeaderList;
  /** What the content was made for. */
  device: string;
}

export interface Found {
  shelf: Shelf;
  entry: Entry;
}

/** A new generation makes every response stored before unfindable. */
interface Index {
  generation: string;
  varies: string[][];
}

const MAX_VARIES = 8;
const MAX_VARY_NAMES = 16;
const MAX_CONDEMNED = 65_536;
const MONTH = 30 * 86_400_000;

export const shelfOf = (...parts: readonly string[]): Shelf => ({ name: digest(parts) });

/** Names in lower case and in order; undefined where nothing can match (`*`), or more than is kept apart. */
export function varyNames(...heads: readonly HeaderList[]): string[] | undefined {
  const values = heads.flatMap((headers) => splitList(headers.get('vary') ?? ''));
  const names = new Set(values.map((name) => name.toLowerCase()));
  if (names.has('*') || names.size > MAX_VARY_NAMES) return undefined;
  return [...names].sort();
}

export class Library {
  /** Changes under way: who looks next sees them done. */
  readonly #changes = new Map<string, Promise<unknown>>();
  /** Shelves that the store failed to empty: what lies there is not used again. */
  readonly #condemned = new Set<string>();

  constructor(private readonly store: Store) {}

  /** All that fits the request, the latest first. */
  async find(shelf: Shelf, selection: Selection): Promise<Found[]> {
    await this.#changes.get(shelf.name);
    const index = await this.#index(shelf);
    if (index === undefined) return [];
    const names = index.varies.map((vary) => variantName(shelf, index, vary, selection));
    const entries = await Promise.all(names.map(async (name) => this.#entry(name)));
    const found = entries.flatMap((entry) => (entry === undefined ? [] : [{ shelf, entry }]));
    return found.sort((one, other) => other.entry.storedAt - one.entry.storedAt);
  }

  put(shelf: Shelf, selection: Selection, entry: Entry, lifetime: number): Promise<void> {
    return this.#change(shelf, async () => {
      const ofOrigin = varyNames(entry.received);
      // What a service made may depend on more, as its content coding does.
      const ofServices = varyNames(entry.headers);
      if (ofOrigin === undefined || ofServices === undefined) return;
      const vary = [...new Set([...ofOrigin, ...ofServices])].sort();
      const kept = Math.min(MONTH, lifetime);
      const index = (await this.#index(shelf)) ?? { generation: randomBytes(12).toString('hex'), varies: [] };
      const others = index.varies.filter((names) => names.join() !== vary.join());
      index.varies = [...others.slice(1 - MAX_VARIES), vary];
      await this.store.set(shelf.name, Buffer.from(JSON.stringify(index)), MONTH);
      this.#condemned.delete(shelf.name);
      await this.store.set(variantName(shelf, index, vary, selection), encodeEntry(entry), kept);
    });
  }

  /** Forgets every response of that URL. */
  remove(shelf: Shelf): Promise<void> {
    return this.#change(shelf, async () => {
      try {
        await this.store.delete(shelf.name);
      } catch {
        if (this.#condemned.size < MAX_CONDEMNED) this.#condemned.add(shelf.name);
      }
    });
  }

  close(): Promise<void> {
    return this.store.close();
  }

  async #entry(name: string): Promise<Entry | undefined> {
    const bytes = await this.store.get(name);
    return bytes && decodeEntry(bytes);
  }

  async #index(shelf: Shelf): Promise<Index | undefined> {
    if (this.#condemned.has(shelf.name)) return undefined;
    const bytes = await this.store.get(shelf.name);
    if (bytes === undefined) return undefined;
    try {
      const { generation, varies } = JSON.parse(bytes.toString()) as Index;
      const isVaries = (all: unknown) =>
        Array.isArray(all) && all.length <= MAX_VARIES && all.every((names) => Array.isArray(names));
      return typeof generation === 'string' && isVaries(varies) ? { generation, varies } : undefined;
    } catch {
      return undefined;
    }
  }

  /** One change of a shelf after the other. */
  #change(shelf: Shelf, work: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(shelf.name) ?? Promise.resolve();
    const change = before.catch(() => {}).then(work);
    const settled = change
      .catch(() => {})
      .finally(() => {
        if (this.#changes.get(shelf.name) === settled) this.#changes.delete(shelf.name);
      });
    this.#changes.set(shelf.name, settled);
    return change;
  }
}

function variantName(
  shelf: Shelf,
  index: Index,
  vary: readonly string[],
  { headers, device }: Selection,
): string {
  const values = vary.map((name) => [name, canonical(headers, String(name))]);
  return digest([shelf.name, index.generation, values, device, shelf.traits ?? '']);
}

/** RFC 9111 §4.1: whitespace and the division into lines make no difference; absence does. */
function canonical(headers: HeaderList, name: string): string | null {
  const value = headers.get(name);
  if (value === undefined) return null;
  const members = splitList(value).join(',');
  // Language tags and content codings know no case (RFC 5646 §2.1.1, RFC 9110 §8.4.1).
  return name === 'accept-language' || name === 'accept-encoding' ? members.toLowerCase() : members;
}

const digest = (parts: unknown): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
