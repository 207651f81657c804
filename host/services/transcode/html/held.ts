// A piece of a page that is held back until it is known what becomes of it.
import type { Element, ElementSink } from './element.js';

type Sink = Pick<ElementSink, 'start' | 'end' | 'text'>;

/** Starts and texts that are held; what comes beyond them is left out. */
const MAX_STEPS = 1000;

export class HeldPage implements Sink {
  readonly #steps: ((to: Sink) => void)[] = [];
  /** Elements that began here, and those of them that go on. */
  readonly #begun = new Set<Element>();
  readonly #open = new Set<Element>();
  /** Elements that ended here and began before. */
  readonly #ended: Element[] = [];

  start(each: Element): void {
    if (this.#steps.length >= MAX_STEPS) return;
    this.#steps.push((to) => to.start(each));
    this.#begun.add(each);
    this.#open.add(each);
  }

  end(each: Element): void {
    if (this.#begun.has(each)) this.#open.delete(each);
    else this.#ended.push(each);
    this.#steps.push((to) => to.end(each));
  }

  text(text: string): void {
    if (this.#steps.length < MAX_STEPS) this.#steps.push((to) => to.text(text));
  }

  play(to: Sink): void {
    for (const step of this.#steps) step(to);
  }

  /** What is left where it is not played: the ends of what began before. Gives those elements whose ends are still to come. */
  leave(to: Sink): ReadonlySet<Element> {
    for (const each of this.#ended) to.end(each);
    return this.#open;
  }
}
