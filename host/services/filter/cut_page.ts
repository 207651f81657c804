// Cuts hidden elements out of a page, byte by byte as it came: whatever its character set, all else stays as it is.
import { performance } from 'node:perf_hooks';
import { Document, Element, type ParentNode } from 'domhandler';
import { Parser } from 'htmlparser2';
import type { Body } from '../service.js';
import type { PageHiding } from './hiding.js';

/** Of a page that has to be there whole, the most that is held; a longer one goes on without the rules that need it. */
const MAX_HELD = 2 << 20;
/** Bytes in which a page says its character set. */
const START = 1024;
const MAX_ELEMENTS = 50_000;
/** Bytes that wait for the end of their tag. */
const MAX_TAG = 1 << 20;
/** Milliseconds of the processor for one page. */
const MAX_WORK = 1000;
/** Code units that are no ASCII may hold markup's characters in these. */
const MULTIBYTE = /^(?:utf-?16|utf-?32|iso-2022|iso-10646-ucs|ucs-|hz-gb)/i;

export interface CutLog {
  /** Rules stop here: the page goes on as it is. */
  onGivenUp(why: string): void;
}

/** `charset` as the headers give it. */
export async function* cutPage(
  body: Body,
  hiding: PageHiding,
  charset: string | undefined,
  { onGivenUp }: CutLog,
): AsyncGenerator<Uint8Array, void, void> {
  const cutter = new Cutter(hiding, onGivenUp);
  let held: Uint8Array[] = [];
  let length = 0;
  let most = hiding.needsWhole ? MAX_HELD : START;
  let isStart = true;
  const readable = (start: Buffer): Buffer => {
    if (isStart && !isReadable(start, charset)) cutter.giveUp('its character set is not read here');
    isStart = false;
    most = 0;
    return start;
  };
  for await (const chunk of body) {
    held.push(chunk);
    length += chunk.length;
    if (length > most) yield* cutter.take(readable(Buffer.concat(held.splice(0))));
  }
  if (most > 0) yield* cutter.take(readable(Buffer.concat(held)), hiding.needsWhole);
  held = [];
  yield* cutter.end();
}

function isReadable(start: Buffer, charset: string | undefined): boolean {
  const [first, second] = start;
  const hasWideMark = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
  if (hasWideMark || first === 0 || second === 0) return false;
  const declared = charset ?? /charset\s*=\s*["']?([\w-]+)/i.exec(latin1(start.subarray(0, START)))?.[1];
  return !MULTIBYTE.test(declared ?? '');
}

const latin1 = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Bytes from and to, of the whole page. */
interface Range {
  from: number;
  to: number;
}

class Cutter {
  readonly #parser: Parser;
  readonly #tree = new PageTree();
  /** What is cut and not yet closed. */
  #open: Element | undefined;
  #offset = 0;
  #work = 0;
  #isGivenUp = false;
  /** Bytes whose tag is not complete yet. */
  #pending: Buffer = Buffer.alloc(0);

  constructor(
    private readonly hiding: PageHiding,
    private readonly onGivenUp: CutLog['onGivenUp'],
  ) {
    this.#parser = new Parser(this.#tree);
  }

  /** What of `chunk`, and of what was kept back before it, may leave. */
  *take(chunk: Uint8Array, isWhole = false): Generator<Uint8Array, void, void> {
    if (this.#isGivenUp) {
      yield chunk;
      return;
    }
    const started = performance.now();
    this.#parser.write(latin1(chunk));
    if (isWhole) this.#parser.end();
    const cut = this.#cuts(isWhole, () => this.#work + performance.now() - started > MAX_WORK);
    this.#work += performance.now() - started;
    const bytes = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    // A tag that is begun may open an element that is cut: it waits for its end.
    const end = isWhole ? this.#offset + bytes.length : this.#tree.begun(this.#offset + bytes.length);
    yield* this.#without(cut, bytes, end);
    this.#pending = bytes.subarray(end - this.#offset);
    this.#offset = end;
    if (this.#pending.length > MAX_TAG) this.giveUp('one of its tags is too long');
    else if (this.#tree.count > MAX_ELEMENTS) this.giveUp('it has too many elements');
    else if (this.#work > MAX_WORK) this.giveUp('it takes too long');
    if (this.#isGivenUp) yield* this.end();
  }

  *end(): Generator<Uint8Array, void, void> {
    if (this.#pending.length > 0 && this.#open === undefined) yield this.#pending;
    this.#pending = Buffer.alloc(0);
  }

  giveUp(why: string): void {
    this.#isGivenUp = true;
    this.#open = undefined;
    this.onGivenUp(why);
  }

  /** Ranges in order; the last one may be open. */
  #cuts(isWhole: boolean, isLate: () => boolean): Range[] {
    const cut: Range[] = [];
    const add = (element: Element) => {
      const to = element.endIndex ?? Number.POSITIVE_INFINITY;
      if (to === Number.POSITIVE_INFINITY) this.#open = element;
      cut.push({ from: element.startIndex ?? 0, to });
    };
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) add(open);
    for (const element of this.hiding.hidden(this.#tree.takeNew(), isWhole, isLate)) {
      const last = cut.at(-1);
      // Within one that is cut already, or the page itself.
      if ((last !== undefined && (element.startIndex ?? 0) < last.to) || isRoot(element)) continue;
      add(element);
    }
    return cut;
  }

  *#without(cut: readonly Range[], bytes: Buffer, end: number): Generator<Uint8Array, void, void> {
    let at = this.#offset;
    for (const { from, to } of cut) {
      if (from > at) yield bytes.subarray(at - this.#offset, from - this.#offset);
      at = Math.max(at, Math.min(to, end));
    }
    if (end > at) yield bytes.subarray(at - this.#offset, end - this.#offset);
  }
}

/** A rule that hides it all would leave nothing to read. */
const isRoot = ({ name }: Element) => name === 'html' || name === 'body' || name === 'head';

/** The elements of a page with their places, as far as it is there. Text is of no use to selectors. */
class PageTree {
  #parser: Pick<Parser, 'startIndex' | 'endIndex'> = { startIndex: 0, endIndex: 0 };
  count = 0;
  readonly #open: ParentNode[] = [new Document([])];
  #new: Element[] = [];
  /** Where the last complete piece of markup or text ends. */
  #complete = 0;

  onparserinit(parser: Parser): void {
    this.#parser = parser;
  }

  takeNew(): Element[] {
    const taken = this.#new;
    this.#new = [];
    return taken;
  }

  /** Where a tag begins that `length` bytes don't end; `length` where there is none. */
  begun(length: number): number {
    return Math.min(this.#complete, length);
  }

  onopentag(name: string, attribs: Record<string, string>): void {
    const element = new Element(name, attribs);
    element.startIndex = this.#parser.startIndex;
    const parent = this.#open.at(-1)!;
    const before = parent.children.at(-1);
    element.parent = parent;
    if (before !== undefined) {
      before.next = element;
      element.prev = before;
    }
    parent.children.push(element);
    this.#open.push(element);
    this.#new.push(element);
    this.count++;
    this.#complete = this.#parser.endIndex + 1;
  }

  onclosetag(_name: string, isImplied: boolean): void {
    if (this.#open.length === 1) return;
    const element = this.#open.pop()!;
    const { startIndex, endIndex } = this.#parser;
    // An element without content ends with its own tag; one that others close ends where theirs begin.
    const isOwnTag = !isImplied || element.startIndex === startIndex;
    element.endIndex = isOwnTag ? endIndex + 1 : startIndex;
    if (!isImplied) this.#complete = this.#parser.endIndex + 1;
  }

  ontext(): void {
    this.#complete = this.#parser.endIndex + 1;
  }

  oncomment(): void {
    this.#complete = this.#parser.endIndex + 1;
  }

  onprocessinginstruction(): void {
    this.#complete = this.#parser.endIndex + 1;
  }
}
