// A store in a directory: one file an entry, written aside and renamed, so that half a file is never read.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { now } from '../clock.js';
import { Ledger, type Store, type StoreLimits } from '../store.js';

/** Names are hexadecimal digests: safe as file names, and telling nothing. */
const NAME = /^[0-9a-f]{64}$/;
const LEFTOVER = /^[0-9a-f]{64}\.[0-9a-f]{16}$/;
/** Before the content: Unix milliseconds until which it may be used, and its SHA-256. */
const EXPIRES_BYTES = 8;
const HEADER_BYTES = EXPIRES_BYTES + 32;

const digestOf = (content: Buffer) => createHash('sha256').update(content).digest();

/** A machine that lost its power may have kept a file's name and not all of its bytes. */
const isWhole = (file: Buffer) =>
  digestOf(file.subarray(HEADER_BYTES)).equals(file.subarray(EXPIRES_BYTES, HEADER_BYTES));

export class DiskStore implements Store {
  readonly ledger: Ledger;

  private constructor(
    private readonly directory: string,
    limits: StoreLimits,
  ) {
    this.ledger = new Ledger(limits, (name) => void rm(this.#file(name), { force: true }).catch(() => {}));
  }

  /** Takes over what an earlier process left. Throws where the directory can't be used. */
  static async open(directory: string, limits: StoreLimits): Promise<DiskStore> {
    // The content of TLS sessions: nobody else's to read.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const store = new DiskStore(directory, limits);
    const found: { name: string; bytes: number; used: number }[] = [];
    for (const name of await readdir(directory)) {
      if (LEFTOVER.test(name)) await rm(join(directory, name), { force: true });
      if (!NAME.test(name)) continue;
      const facts = await stat(join(directory, name)).catch(() => undefined);
      if (facts?.isFile()) found.push({ name, bytes: facts.size, used: facts.mtimeMs });
    }
    found.sort((one, other) => one.used - other.used);
    // When each expires is written in its file, which is read when it is asked for.
    for (const { name, bytes } of found) store.ledger.enter(name, bytes, Number.POSITIVE_INFINITY);
    return store;
  }

  async get(name: string): Promise<Buffer | undefined> {
    if (!this.ledger.use(name)) return undefined;
    try {
      const bytes = await readFile(this.#file(name));
      if (bytes.length >= HEADER_BYTES && bytes.readDoubleBE(0) > now() && isWhole(bytes)) {
        const used = new Date();
        // The order of use outlives this process.
        utimes(this.#file(name), used, used).catch(() => {});
        return bytes.subarray(HEADER_BYTES);
      }
    } catch {
      // Another process has dropped it, or the disk is gone: a miss.
    }
    await this.delete(name);
    return undefined;
  }

  async set(name: string, bytes: Buffer, lifetime: number): Promise<void> {
    const expires = now() + lifetime;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeDoubleBE(expires);
    header.set(digestOf(bytes), EXPIRES_BYTES);
    const file = this.#file(name);
    const aside = `${file}.${randomBytes(8).toString('hex')}`;
    try {
      await writeFile(aside, Buffer.concat([header, bytes]), { mode: 0o600 });
      if (!this.ledger.enter(name, bytes.length + HEADER_BYTES, expires)) throw new Error('too large');
      await rename(aside, file);
    } catch (error) {
      await rm(aside, { force: true }).catch(() => {});
      await this.delete(name);
      if ((error as Error).message !== 'too large') throw error;
    }
  }

  async delete(name: string): Promise<void> {
    this.ledger.forget(name);
    await rm(this.#file(name), { force: true }).catch(() => {});
  }

  async close(): Promise<void> {}

  #file(name: string): string {
    if (!NAME.test(name)) throw new TypeError('a stored entry is named by a digest');
    return join(this.directory, name);
  }
}
