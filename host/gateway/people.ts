// Who uses the gateway: people by name, known by the address of their device or by a password.
import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeputyError } from '../delegation/error.js';
import { DelegationPolicy, type PolicyRule } from '../delegation/policy.js';
import { ClientNetworks } from './access.js';

export interface Person {
  readonly name: string;
  /** What the proxy may do, before this person changes it on the start page; the gateway's own rules where absent. */
  readonly rules?: readonly PolicyRule[];
  /** For the proxy; the gateway's own where absent. */
  readonly token?: string;
}

interface Entry extends Person {
  networks: ClientNetworks | undefined;
  password: string | undefined;
}

/** Everybody, where nobody is named. */
export const GUEST: Person = { name: 'guest' };

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const FILE = 'people.json';
/** Passwords that were right, so that scrypt is not asked for every picture. */
const REMEMBERED = 256;

export class People {
  readonly #entries: readonly Entry[];
  /** By a keyed hash: no password is kept. */
  readonly #right = new Map<string, string>();
  readonly #key = randomBytes(32);

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** The people of a folder; everybody is a guest where it names none. Throws DeputyError PEOPLE_UNREADABLE. */
  static open(folder?: string): People {
    const file = folder === undefined ? undefined : join(folder, FILE);
    if (file === undefined || !existsSync(file)) return new People([]);
    try {
      return new People(readEntries(JSON.parse(readFileSync(file, 'utf8'))));
    } catch (error) {
      throw new DeputyError('PEOPLE_UNREADABLE', `${file}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Whether strangers must say who they are. */
  get areNamed(): boolean {
    return this.#entries.length > 0;
  }

  /**
   * Whose request this is; undefined where a password must be asked for. `credentials` is the value of
   * Proxy-Authorization or Authorization (RFC 7617).
   */
  identify(address: string, credentials: string | undefined): Person | undefined {
    if (!this.areNamed) return GUEST;
    const byAddress = this.#entries.find(({ networks }) => networks?.has(address));
    return byAddress ?? (credentials === undefined ? undefined : this.#byPassword(credentials));
  }

  #byPassword(credentials: string): Person | undefined {
    const [, encoded] = /^basic\s+([A-Za-z0-9+/=]{1,1024})$/i.exec(credentials) ?? [];
    if (encoded === undefined) return undefined;
    const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    const entry = this.#entries.find((candidate) => candidate.name === name);
    const digest = createHmac('sha256', this.#key).update(encoded).digest('base64');
    if (password === undefined) return undefined;
    if (entry !== undefined && this.#right.get(digest) === name) return entry;
    // As much work for a name that nobody has: the time of an answer tells no names.
    const isRight = matches(password, entry?.password ?? NOBODYS);
    if (entry?.password === undefined || !isRight) return undefined;
    const [oldest] = this.#right.keys();
    if (this.#right.size >= REMEMBERED && oldest !== undefined) this.#right.delete(oldest);
    this.#right.set(digest, entry.name);
    return entry;
  }
}

/** Adds a person, or gives one a new password. Throws DeputyError BAD_NAME. */
export function addPerson(folder: string, name: string, password: string): void {
  if (!NAME.test(name)) throw new DeputyError('BAD_NAME', 'a name has lower case letters, digits, - and _');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  const { people = [] } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const others = (people as { name: string }[]).filter((person) => person.name !== name);
  const before = (people as { name: string }[]).find((person) => person.name === name);
  const salt = randomBytes(16);
  const entry = { ...before, name, password: `${salt.toString('base64')}:${hashed(password, salt)}` };
  writeFileSync(`${file}.new`, `${JSON.stringify({ people: [...others, entry] }, null, 2)}\n`, {
    mode: 0o600,
  });
  renameSync(`${file}.new`, file);
}

const hashed = (password: string, salt: Buffer): string => scryptSync(password, salt, 32).toString('base64');

/** Constant-time in the password's hash. */
function matches(password: string, kept: string): boolean {
  const [salt = '', hash = ''] = kept.split(':');
  const expected = Buffer.from(hash, 'base64');
  const actual = Buffer.from(hashed(password, Buffer.from(salt, 'base64')), 'base64');
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function readEntries(json: unknown): Entry[] {
  const { people } = json as { people?: unknown };
  if (!Array.isArray(people)) throw new Error("'people' must be a list");
  const entries = people.map(readEntry);
  const names = new Set(entries.map(({ name }) => name));
  if (names.size < entries.length) throw new Error('two people have one name');
  return entries;
}

/** A hash that no password has. */
const NOBODYS = `${randomBytes(16).toString('base64')}:${randomBytes(32).toString('base64')}`;

const FIELDS = new Set(['name', 'password', 'addresses', 'token', 'rules']);

function readEntry(json: Record<string, unknown>): Entry {
  const { name, password, addresses, token, rules } = json;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new Error(`'${name}' is no name: use a-z, 0-9, - and _`);
  const unknown = Object.keys(json).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) throw new Error(`${name} has an unknown field '${unknown}'`);
  if (password !== undefined && !/^[\w+/=]+:[\w+/=]+$/.test(`${password}`))
    throw new Error(`the password of ${name} is no hash: set it with --add-person`);
  // Judged now, not at the first request.
  if (rules !== undefined) new DelegationPolicy({ rules: rules as PolicyRule[] });
  return {
    name,
    password: password === undefined ? undefined : `${password}`,
    networks: addresses === undefined ? undefined : networksOf(addresses),
    ...(token !== undefined && { token: `${token}` }),
    ...(rules !== undefined && { rules: rules as PolicyRule[] }),
  };
}

/** The addresses of one person: loopback is no more theirs than anybody's, unless it is named. */
function networksOf(addresses: unknown): ClientNetworks {
  if (!Array.isArray(addresses)) throw new Error("'addresses' must be a list");
  return new ClientNetworks(addresses.map(String), []);
}
