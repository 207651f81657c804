// What waits for its turn, each address after the other: one that brings many delays its own.

export class FairQueue<Item> {
  readonly #lines = new Map<string, Set<Item>>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  add(address: string, item: Item): void {
    const line = this.#lines.get(address) ?? new Set();
    this.#lines.set(address, line.add(item));
  }

  /** It waits no longer. */
  remove(address: string, item: Item): void {
    const line = this.#lines.get(address);
    line?.delete(item);
    if (line?.size === 0) this.#lines.delete(address);
  }

  /** The oldest of the address whose turn it is; undefined where nothing waits. */
  next(): Item | undefined {
    for (const [address, line] of this.#lines) {
      this.#lines.delete(address);
      for (const item of line) {
        line.delete(item);
        // Behind all others.
        if (line.size > 0) this.#lines.set(address, line);
        return item;
      }
    }
    return undefined;
  }
}
