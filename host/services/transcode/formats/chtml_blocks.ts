// Blocks in compact HTML, each of which says in which lists it stands.
import type { Block } from '../flow/flow.js';

/** An open list, or an item in one. */
interface Open {
  tag: 'ul' | 'ol' | 'li';
  next: number;
}

export class CompactLists {
  readonly #open: Open[] = [];

  constructor(private readonly put: (markup: string) => void) {}

  /** Ends and begins lists and items, so that `block` can stand. */
  sync(block: Block): void {
    const open = this.#open.filter((entry) => entry.tag !== 'li');
    let same = 0;
    while (same < open.length && same < block.lists.length && open[same]?.tag === block.lists[same]) same++;
    this.#closeTo(same);
    for (const tag of block.lists.slice(same)) {
      if (this.#open.length > 0 && !this.#isInItem) this.#startItem(undefined);
      this.#open.push({ tag, next: 1 });
      this.put(`<${tag}>`);
    }
    if (block.lists.length === 0) return;
    if (block.kind === 'item') {
      // A heading or preformatted text that begins an item begins it just the same.
      if (this.#isInItem) this.#pop();
      this.#startItem(block.number);
    } else if (!this.#isInItem) this.#startItem(undefined);
    else if (block.kind !== 'preformatted') this.put('<br>');
  }

  close(): void {
    this.#closeTo(0);
  }

  get #isInItem(): boolean {
    return this.#open.at(-1)?.tag === 'li';
  }

  #startItem(number: number | undefined): void {
    const list = this.#open.at(-1);
    const value = number !== undefined && number !== list?.next ? ` value="${number}"` : '';
    if (number !== undefined && list !== undefined) list.next = number + 1;
    this.#open.push({ tag: 'li', next: 0 });
    this.put(`<li${value}>`);
  }

  /** Leaves `depth` lists open; of the innermost one, its item too. */
  #closeTo(depth: number): void {
    while (this.#open.filter((entry) => entry.tag !== 'li').length > depth) this.#pop();
  }

  #pop(): void {
    const list = this.#open.pop();
    if (list !== undefined) this.put(`</${list.tag}>`);
  }
}

export function blockStart({ kind, level, lists }: Block): string {
  // In a list HTML 3.2 has no headings.
  if (kind === 'heading' && lists.length === 0) return `<h${level}>`;
  if (kind === 'preformatted') return '<pre>';
  return lists.length > 0 ? '' : kind === 'row' ? '<div>' : '<p>';
}

export function blockEnd({ kind, level, lists }: Block): string {
  if (kind === 'heading' && lists.length === 0) return `</h${level}>`;
  if (kind === 'preformatted') return '</pre>';
  return lists.length > 0 ? '' : kind === 'row' ? '</div>' : '</p>';
}
