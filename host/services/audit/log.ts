// The log's file: appended to, never rewritten. What was asked for at the same time is written and synced in one piece.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { DeputyError } from '../../delegation/error.js';
import type { JournalMark } from '../journal.js';
import { canonical } from './canonical.js';
import { readEnd, writeEnd } from './end.js';
import { type EntryFields, hashOf } from './entry.js';
import { lock, type Unlock } from './lock.js';
import { partsOf, readTail, type Tail } from './parts.js';

/** `always`: an entry counts once the disk has it. `second`: the disk has it within a second. `never`: when it likes. */
export type SyncPolicy = 'always' | 'second' | 'never';

export interface AuditLogOptions {
  file: string;
  /** `second` unless told. */
  sync?: SyncPolicy;
  /** A file of so many bytes is set aside as FILE.1, FILE.2 …, and the chain goes on in a new one. Never unless told. */
  rotateBytes?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

interface Waiting {
  fields: EntryFields;
  resolve: (mark: JournalMark) => void;
  reject: (error: unknown) => void;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  /** Its name, hexadecimal. */
  readonly log: string;
  readonly #unlock: Unlock;
  #handle: FileHandle;
  /** Bytes of whole entries in the file: what lies behind them was not written to its end. */
  #size: number;
  #entry: number;
  #head: string;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Bytes behind the last whole entry may be there, which could not be removed. */
  #dirty = false;
  #unsynced = false;
  #syncFailed = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** What could not be written since `since`, in milliseconds. */
  #lost: { entries: number; since: number } | undefined;

  private constructor(
    options: AuditLogOptions,
    handle: FileHandle,
    unlock: Unlock,
    { size, entry, head, log = randomBytes(16).toString('hex') }: Tail,
  ) {
    this.#options = options;
    this.#handle = handle;
    this.#unlock = unlock;
    this.log = log;
    this.#size = size;
    this.#entry = entry;
    this.#head = head;
  }

  /**
   * Opens a log to go on with, or begins one. A last line that a crash cut short is removed, and the next entry says
   * so, and how many entries are missing of those that FILE.end knows. Throws AUDIT_UNREADABLE where the file can't be
   * opened or its last entry is none, AUDIT_IN_USE where another process writes it.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { file } = options;
    try {
      // Appending as the kernel understands it: nobody's bytes are overwritten, not even those of a second writer.
      const handle = await open(file, 'a+', 0o600);
      let unlock: Unlock = async () => {};
      try {
        // A device has no end, and as many writers as it likes.
        if ((await handle.stat()).isFile()) unlock = await lock(file);
        const tail = await readTail(handle, file);
        if (tail.lost > 0) await handle.truncate(tail.size);
        const log = new AuditLog(options, handle, unlock, tail);
        const missing = Math.max(0, ((await readEnd(file))?.entry ?? 0) - tail.entry);
        if (tail.lost > 0 || missing > 0) await log.append({ kind: 'recovered', lost: tail.lost, missing });
        return log;
      } catch (error) {
        await unlock();
        await handle.close();
        throw error;
      }
    } catch (error) {
      if (error instanceof DeputyError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new DeputyError('AUDIT_UNREADABLE', `the audit log ${file} can't be opened (${code ?? message})`);
    }
  }

  get entries(): number {
    return this.#entry;
  }

  /** Resolves with the entry's place once it is written, and synced where the policy is `always`. */
  append(fields: EntryFields): Promise<JournalMark> {
    if (this.#closed) return Promise.reject(new Error('the audit log is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fields, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Writes and syncs what is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    try {
      if (this.#lost !== undefined) await this.#writeBatch([]).catch(() => {});
      if (this.#unsynced && this.#options.sync !== 'never') await this.#handle.datasync();
    } finally {
      await this.#handle.close();
      await this.#unlock();
    }
  }

  async #write(): Promise<void> {
    // Those who append in this turn are written together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        const marks = await this.#writeBatch(batch.map(({ fields }) => fields));
        for (const [i, { resolve }] of batch.entries()) resolve(marks[i]!);
      } catch (error) {
        // The log has to tell of the gap once it can be written again.
        this.#lost ??= { entries: 0, since: this.#now() };
        this.#lost.entries += batch.length;
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same turn as the last look: anyone who appends after it begins anew.
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly EntryFields[]): Promise<JournalMark[]> {
    if (this.#size >= (this.#options.rotateBytes ?? Number.POSITIVE_INFINITY)) await this.#rotate();
    const time = new Date(this.#now()).toISOString();
    const { log } = this;
    let [entry, head] = [this.#entry, this.#head];
    let text = '';
    const add = (fields: EntryFields) => {
      const line = canonical({ ...fields, log, entry: ++entry, previous: head, time });
      head = hashOf(line);
      text += `${line}\n`;
      return { log: Buffer.from(log, 'hex'), entry, head: Buffer.from(head, 'hex') };
    };
    if (this.#lost !== undefined) {
      const { entries, since } = this.#lost;
      add({ kind: 'lost', entries, since: new Date(since).toISOString() });
    }
    const marks = batch.map(add);
    const bytes = Buffer.from(text);
    await this.#checkEnd();
    try {
      this.#dirty = true;
      await this.#handle.appendFile(bytes);
      if (this.#options.sync === 'always') await this.#handle.datasync();
      else this.#unsynced = true;
    } catch (error) {
      // Half a line must not stand before the next one.
      await this.#cutBack().catch(() => {});
      throw error;
    }
    this.#dirty = false;
    this.#size += bytes.length;
    [this.#entry, this.#head] = [entry, head];
    this.#lost = undefined;
    // One that is behind is no harm: the log may be longer than it says.
    if (this.#size > 0) await writeEnd(this.#options.file, { log, entry, head }).catch(() => {});
    if (this.#options.sync !== 'never') this.#syncSoon();
    return marks;
  }

  /** Nothing is appended to what this log did not write, or could not sync. */
  async #checkEnd(): Promise<void> {
    if (this.#dirty) await this.#cutBack();
    const stats = await this.#handle.stat();
    if (stats.isFile() && stats.size !== this.#size) {
      throw new Error(`its file has ${stats.size} bytes, not ${this.#size}: somebody else wrote to it`);
    }
    if (this.#syncFailed) await this.#sync();
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  async #cutBack(): Promise<void> {
    await this.#handle.truncate(this.#size);
    this.#dirty = false;
  }

  async #rotate(): Promise<void> {
    const { file } = this.#options;
    await this.#sync();
    const parts = await partsOf(file);
    await rename(file, `${file}.${(parts.at(-1)?.number ?? 0) + 1}`);
    const handle = await open(file, 'a+', 0o600);
    await this.#handle.close();
    this.#handle = handle;
    this.#size = 0;
  }

  async #sync(): Promise<void> {
    this.#syncFailed = true;
    this.#unsynced = false;
    await this.#handle.datasync();
    this.#syncFailed = false;
  }

  #syncSoon(): void {
    if (!this.#unsynced || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // The next entry tries again, and has somebody to tell.
      void this.#sync().catch(() => {});
    }, 1000).unref();
  }
}
