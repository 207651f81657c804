// Header lines as they stood on the wire: order and case are kept, names compare without case.

import { isFieldValue, isToken } from './grammar.js';

export type HeaderLine = readonly [name: string, value: string];

export class HeaderList implements Iterable<HeaderLine> {
  #lines: HeaderLine[];

  /** Throws TypeError for a line that would not be one on the wire. */
  constructor(lines: Iterable<HeaderLine> = []) {
    this.#lines = [...lines];
    for (const [name, value] of this.#lines) check(name, value);
  }

  /** Takes over lines that somebody has checked already, who reads the wire. */
  static ofChecked(lines: HeaderLine[]): HeaderList {
    const list = new HeaderList();
    list.#lines = lines;
    return list;
  }

  [Symbol.iterator](): IterableIterator<HeaderLine> {
    return this.#lines[Symbol.iterator]();
  }

  has(name: string): boolean {
    return this.#lines.some((line) => same(line[0], name));
  }

  /** The values of all lines of that name, joined by `, ` (RFC 9110 §5.3); undefined where there is none. */
  get(name: string): string | undefined {
    let joined: string | undefined;
    for (const line of this.#lines) {
      if (same(line[0], name)) joined = joined === undefined ? line[1] : `${joined}, ${line[1]}`;
    }
    return joined;
  }

  all(name: string): string[] {
    return this.#lines.filter((line) => same(line[0], name)).map((line) => line[1]);
  }

  /** The members of comma-separated lines, in lower case (RFC 9110 §5.6.1). */
  tokens(name: string): string[] {
    return (this.get(name) ?? '')
      .split(',')
      .map((member) => member.trim().toLowerCase())
      .filter((member) => member !== '');
  }

  /** Puts `value` in the place of the first line of that name and drops the others; at the end where there is none. */
  set(name: string, value: string): this {
    check(name, value);
    const at = this.#lines.findIndex((line) => same(line[0], name));
    if (at < 0) return this.append(name, value);
    const kept = this.#lines[at]![0];
    this.#lines = this.#lines.filter((line, i) => i <= at || !same(line[0], name));
    this.#lines[at] = [kept, value];
    return this;
  }

  append(name: string, value: string): this {
    check(name, value);
    this.#lines = [...this.#lines, [name, value]];
    return this;
  }

  delete(name: string): this {
    this.#lines = this.#lines.filter((line) => !same(line[0], name));
    return this;
  }

  /** Of its own: lists share lines until one of them changes, for no change is made in place. */
  clone(): HeaderList {
    return HeaderList.ofChecked(this.#lines);
  }
}

const same = (one: string, other: string) =>
  one.length === other.length && one.toLowerCase() === other.toLowerCase();

function check(name: string, value: string): void {
  if (!isToken(name)) throw new TypeError('a header name must be a token');
  if (!isFieldValue(value))
    throw new TypeError(`the value of ${name} holds a control or non-Latin-1 character`);
}
