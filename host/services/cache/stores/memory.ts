// A store in the memory of this process.
import { now } from '../clock.js';
import { Ledger, type Store, type StoreLimits } from '../store.js';

export class MemoryStore implements Store {
  readonly #contents = new Map<string, Buffer>();
  readonly ledger: Ledger;

  constructor(limits: StoreLimits) {
    this.ledger = new Ledger(limits, (name) => this.#contents.delete(name));
  }

  async get(name: string): Promise<Buffer | undefined> {
    return this.ledger.use(name) ? this.#contents.get(name) : undefined;
  }

  async set(name: string, bytes: Buffer, lifetime: number): Promise<void> {
    this.#contents.delete(name);
    if (this.ledger.enter(name, bytes.length, now() + lifetime)) this.#contents.set(name, bytes);
  }

  async delete(name: string): Promise<void> {
    this.ledger.forget(name);
    this.#contents.delete(name);
  }

  async close(): Promise<void> {
    this.#contents.clear();
  }
}
