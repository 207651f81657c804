// A page that is laid out: what stands where, and which part of it is in view.

interface Placed {
  x: number;
  /** Pixels below the top of the page. */
  y: number;
  width: number;
  height: number;
}

export interface TextItem extends Placed {
  readonly kind: 'text';
  /** Pixels from `y` to the baseline. */
  ascent: number;
  readonly font: number;
  text: string;
  readonly colour: number;
  /** Index in the page's links. */
  link?: number | undefined;
}

export interface PictureItem extends Placed {
  readonly kind: 'picture';
  /** Index in the page's pictures. */
  readonly picture: number;
  link?: number | undefined;
}

/** A rule, or the ground that text stands on. */
export interface BarItem extends Placed {
  readonly kind: 'bar';
  readonly colour: number;
}

/** What stands in a line. */
export type Inline = TextItem | PictureItem;

export type Item = Inline | BarItem;

/** Laid out by itself, to be put somewhere. */
export interface Fragment {
  readonly items: Item[];
  readonly height: number;
}

/** No line is higher than this: items are in the order of their tops but for so many pixels. */
export const MAX_HEIGHT = 1024;
/** What a device has memory for. */
const MAX_ITEMS = 3000;

export class DisplayList {
  title = '';
  /** In drawing order, and in the order of their tops but for what stands side by side in one row. */
  readonly items: Item[] = [];
  readonly links: string[] = [];
  readonly anchors = new Map<string, number>();
  height = 0;
  /** Items that the page may have; further ones are dropped. */
  limit = MAX_ITEMS;
  #changedFrom = Number.POSITIVE_INFINITY;

  get isFull(): boolean {
    return this.items.length >= this.limit;
  }

  add(item: Item): void {
    if (this.isFull) return;
    this.items.push(item);
    this.#changedFrom = Math.min(this.#changedFrom, item.y);
    this.height = Math.max(this.height, item.y + item.height);
  }

  /** The topmost row that has changed since the last call; infinite where none has. */
  takeChange(): number {
    const from = this.#changedFrom;
    this.#changedFrom = Number.POSITIVE_INFINITY;
    return from;
  }

  /** Items that touch the rows from `top` to before `bottom`. */
  *between(top: number, bottom: number): Generator<Item> {
    for (let i = this.#firstFrom(top - 2 * MAX_HEIGHT); i < this.items.length; i++) {
      const item = this.items[i]!;
      if (item.y >= bottom + MAX_HEIGHT) return;
      if (item.y < bottom && item.y + item.height > top) yield item;
    }
  }

  #firstFrom(y: number): number {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.items[middle]!.y < y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Puts `fragment` where the link to `address` stands: in the place of its line where it has one to itself, else below
   * that. Gives by how many pixels what follows moved; undefined where there is no such link.
   */
  replaceLink(address: string, fragment: Fragment): number | undefined {
    const link = this.links.indexOf(address);
    const labels = this.items.filter((item) => item.kind !== 'bar' && item.link === link);
    const last = labels.at(-1);
    if (link < 0 || last === undefined) return undefined;
    const top = Math.min(...labels.map(({ y }) => y));
    const bottom = last.y + last.height;
    const touches = (item: Item) => item.y < bottom && item.y + item.height > top;
    const isAlone = this.items.every((item) => !touches(item) || labels.includes(item));
    const from = isAlone ? top : bottom;
    const kept = isAlone ? this.items.filter((item) => !labels.includes(item)) : [...this.items];
    for (const item of labels) if (item.kind !== 'bar') item.link = undefined;
    const moved = fragment.height - (isAlone ? bottom - top : 0);
    const at = kept.findIndex((item) => item.y >= bottom);
    for (const item of kept) if (item.y >= bottom) item.y += moved;
    for (const [name, y] of this.anchors) if (y >= bottom) this.anchors.set(name, y + moved);
    for (const item of fragment.items) item.y += from;
    kept.splice(at < 0 ? kept.length : at, 0, ...fragment.items);
    this.items.splice(0, this.items.length, ...kept.slice(0, this.limit));
    this.height += moved;
    this.#changedFrom = Math.min(this.#changedFrom, top);
    return moved;
  }
}
