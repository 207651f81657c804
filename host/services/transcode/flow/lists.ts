// The lists that are open where the reader stands, and the number of the item that begins.

/** Lists in lists that are told apart; what is deeper looks like the deepest. */
const MAX_LISTS = 6;
const MAX_DEPTH = 10_000;

export class OpenLists {
  #lists: { kind: 'ul' | 'ol'; next: number }[] = [];
  #deeper = 0;

  get kinds(): ('ul' | 'ol')[] {
    return this.#lists.map((list) => list.kind);
  }

  start(kind: 'ul' | 'ol', first: number): void {
    if (this.#lists.length < MAX_LISTS) this.#lists.push({ kind, next: isNumber(first) ? first : 1 });
    else this.#deeper = Math.min(this.#deeper + 1, MAX_DEPTH);
  }

  end(): void {
    if (this.#deeper > 0) this.#deeper--;
    else this.#lists.pop();
  }

  /** What marks an item whose own number may be `value`. */
  item(value: number): number | 'bullet' {
    const list = this.#lists.at(-1);
    if (list === undefined || list.kind === 'ul') return 'bullet';
    if (isNumber(value)) list.next = value;
    return list.next++;
  }
}

const isNumber = (value: number) => Number.isSafeInteger(value) && value >= 0 && value < 1e6;
