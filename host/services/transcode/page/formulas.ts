// Formulas of MathML become text: what the page gives for that, or the signs of the formula in a line.
import { type Element, ElementFilter, type ElementSink } from '../html/element.js';
import { firstLabel } from './embedded.js';

/** Characters of one formula. */
const MAX_FORMULA = 400;
/** What stands between the parts of an element that has them above each other. */
const BETWEEN: ReadonlyMap<string, string> = new Map([
  ['msup', '^'],
  ['mover', '^'],
  ['msub', '_'],
  ['munder', '_'],
  ['mfrac', '/'],
]);
/** The second part of these stands below, the third above. */
const BELOW_AND_ABOVE: ReadonlySet<string> = new Set(['msubsup', 'munderover']);

export class Formulas extends ElementFilter {
  #formula: Formula | undefined;

  constructor(next: ElementSink) {
    super(next);
  }

  override start(each: Element): void {
    if (this.#formula !== undefined) this.#formula.start(each);
    else if (each.name === 'math') this.#formula = new Formula(each);
    else this.next.start(each);
  }

  override end(each: Element): void {
    if (this.#formula === undefined) {
      this.next.end(each);
      return;
    }
    if (each !== this.#formula.element) {
      this.#formula.end(each);
      return;
    }
    const { text } = this.#formula;
    this.#formula = undefined;
    if (text !== '') this.next.text(text);
  }

  override text(text: string): void {
    if (this.#formula === undefined) this.next.text(text);
    else this.#formula.add(text);
  }
}

class Formula {
  #signs = '';
  #annotation = '';
  #isOfText = false;
  /** Elements around, each with the number of parts that it has had. */
  readonly #around: { element: Element; parts: number }[] = [];

  constructor(readonly element: Element) {}

  /** TeX where the page has it, as people know that. */
  get text(): string {
    const given = firstLabel([this.element.attributes.get('alttext'), this.#annotation]);
    return plainTex(given ?? this.#signs.replace(/\s+/g, ' ').trim());
  }

  start(each: Element): void {
    const around = this.#around.at(-1);
    if (around !== undefined) {
      const between = BELOW_AND_ABOVE.has(around.element.name)
        ? ['', '_', '^'][around.parts]
        : around.parts === 1
          ? BETWEEN.get(around.element.name)
          : undefined;
      if (between !== undefined) this.#signs += between;
      around.parts++;
    }
    if (each.name === 'annotation') this.#isOfText = /tex|text/i.test(each.attributes.get('encoding') ?? '');
    this.#around.push({ element: each, parts: 0 });
  }

  end(each: Element): void {
    while (this.#around.length > 0 && this.#around.pop()?.element !== each);
  }

  add(text: string): void {
    const isNote = this.#around.some(
      ({ element: { name } }) => name === 'annotation' || name === 'annotation-xml',
    );
    if (!isNote) this.#signs += text.trim().slice(0, MAX_FORMULA - Math.min(MAX_FORMULA, this.#signs.length));
    else if (this.#isOfText && this.#annotation.length < MAX_FORMULA)
      this.#annotation += text.slice(0, MAX_FORMULA);
  }
}

/** Without the words that only say how large it is. */
const plainTex = (text: string) =>
  text
    .replace(/^\{\\(?:display|text)style\s*([\s\S]*)\}$/, '$1')
    .replace(/\\(?:display|text)style\b\s*/g, '')
    .trim();
