// Which elements the lists hide on a page: their selectors, found by what the page's elements are called.
import { type CosmeticFilter, type FiltersEngine, Request } from '@ghostery/adblocker';
import { compile } from 'css-select';
import { parse, type Selector } from 'css-what';
import type { Element } from 'domhandler';

interface Compiled {
  /** `#id`, `.class`, `tag`, `[attribute` or `*`: what an element must have for the selector to be tried. */
  keys: readonly string[];
  matches: (element: Element) => boolean;
  /** It asks for what stands within or after an element. */
  needsWhole: boolean;
}

/** Compiled selectors that are kept; a page takes some hundreds. */
const MAX_COMPILED = 16_384;
/** Elements between two looks at the clock: one may take as long as a page has elements. */
const LOOK = 64;
/** Pseudo-classes that speak of what comes later, and those that speak of text, which no tree here has. */
const AFTER = new Set(
  'has last-child last-of-type nth-last-child nth-last-of-type only-child only-of-type'.split(' '),
);
const OF_TEXT = new Set(['empty', 'contains', 'icontains', 'parent']);

export class ElementHiding {
  /** Rules for all pages that neither a class nor an id finds. */
  readonly #general: readonly Compiled[];
  readonly #compiled = new Map<string, Compiled | undefined>();

  constructor(private readonly rules: FiltersEngine) {
    const { cosmetics } = rules;
    const excepted = new Set(cosmetics.unhideIndex.getFilters().map((rule) => rule.getSelector()));
    // Those that an exception may name come with the rules of each page.
    const general = cosmetics.genericRules
      .getFilters()
      .filter((rule) => !excepted.has(rule.getSelector()) && !rule.hasHostnameConstraint());
    this.#general = general.map((rule) => this.#selector(rule)).filter((each) => each !== undefined);
  }

  /** Undefined where nothing can be hidden there. */
  onPage(url: string): PageHiding | undefined {
    const { hostname, domain } = Request.fromRawDetails({ url, type: 'main_frame' });
    const about = { url, hostname, domain, getInjectionRules: false, getExtendedRules: false };
    const selectorsOf = (matches: readonly { filter?: CosmeticFilter | undefined; exception?: unknown }[]) =>
      matches.flatMap(({ filter, exception }) => {
        const selector = filter && exception === undefined ? this.#selector(filter) : undefined;
        return selector === undefined ? [] : [selector];
      });
    const ofPage = this.rules.matchCosmeticFilters({ ...about, getRulesFromDOM: false });
    const own = selectorsOf(ofPage.matches);
    const first = [...(ofPage.allowGenericHides ? this.#general : []), ...own];
    const isNamed = ofPage.allowGenericHides && this.#hasNamed();
    if (first.length === 0 && !isNamed) return undefined;
    const byNames = (names: Names) =>
      selectorsOf(
        this.rules.matchCosmeticFilters({ ...about, ...names, getRulesFromHostname: false }).matches,
      );
    // For the sake of a rule for all pages none is held back.
    const needsWhole = own.some((each) => each.needsWhole);
    return new PageHiding(first, needsWhole, isNamed ? byNames : () => []);
  }

  #hasNamed(): boolean {
    const { classesIndex, idsIndex, hrefsIndex } = this.rules.cosmetics;
    return [classesIndex, idsIndex, hrefsIndex].some((index) => !isEmpty(index));
  }

  #selector(rule: CosmeticFilter): Compiled | undefined {
    if (rule.isScriptInject() || rule.isExtended() || rule.hasCustomStyle()) return undefined;
    const text = rule.getSelector();
    if (!this.#compiled.has(text)) {
      if (this.#compiled.size >= MAX_COMPILED) this.#compiled.clear();
      this.#compiled.set(text, compileSelector(text));
    }
    return this.#compiled.get(text);
  }
}

/** An index of ours never grows: it is asked once. */
const known = new WeakMap<object, boolean>();
function isEmpty(index: { getFilters(): readonly unknown[] }): boolean {
  const before = known.get(index);
  if (before !== undefined) return before;
  const empty = index.getFilters().length === 0;
  known.set(index, empty);
  return empty;
}

/** Undefined for what only a browser can tell, as `:hover` or a pseudo-element. */
function compileSelector(text: string): Compiled | undefined {
  try {
    const alternatives = parse(text);
    if (alternatives.some((each) => has(each, OF_TEXT))) return undefined;
    return {
      keys: alternatives.map(keyOf),
      needsWhole: alternatives.some((each) => has(each, AFTER)),
      matches: compile<Element, Element>(text),
    };
  } catch {
    return undefined;
  }
}

/** Of the last compound: the element itself. */
function keyOf(selector: readonly Selector[]): string {
  let found = '*';
  for (const part of [...selector].reverse()) {
    if (isCombinator(part)) break;
    if (part.type === 'tag' && found === '*') found = part.name.toLowerCase();
    // `[a!="b"]` holds without the attribute, too.
    if (part.type !== 'attribute' || part.action === 'not') continue;
    const isExact = part.ignoreCase !== true;
    if (part.name === 'id' && part.action === 'equals' && isExact) return `#${part.value}`;
    if (part.name === 'class' && part.action === 'element' && isExact) found = `.${part.value}`;
    else if (!found.startsWith('.')) found = `[${part.name}`;
  }
  return found;
}

const isCombinator = ({ type }: Selector) =>
  ['child', 'descendant', 'adjacent', 'sibling', 'parent', 'column-combinator'].includes(type);

const has = (selector: readonly Selector[], names: ReadonlySet<string>): boolean =>
  selector.some(
    (part) =>
      part.type === 'pseudo' &&
      (names.has(part.name) || (Array.isArray(part.data) && part.data.some((inner) => has(inner, names)))),
  );

/** What elements are called. */
export interface Names {
  classes: string[];
  ids: string[];
  hrefs: string[];
}

/** The selectors of one page; more come as its elements turn up. */
export class PageHiding {
  readonly #byKey = new Map<string, Compiled[]>();
  readonly #seen = new Set<string>();

  constructor(
    first: readonly Compiled[],
    /** Its selectors can't be tried before all of the page is there. */
    readonly needsWhole: boolean,
    private readonly byNames: (names: Names) => readonly Compiled[],
  ) {
    for (const each of first) this.#add(each);
  }

  /** Those of `elements`, which are new, that are hidden; as far as `isLate` lets it come. */
  hidden(elements: readonly Element[], isWhole: boolean, isLate: () => boolean): Element[] {
    const names: Names = { classes: [], ids: [], hrefs: [] };
    for (const { attribs } of elements) {
      for (const name of classesOf(attribs)) this.#note('.', name, names.classes);
      if (attribs.id) this.#note('#', attribs.id, names.ids);
      if (attribs.href) this.#note('>', attribs.href, names.hrefs);
    }
    if (names.classes.length + names.ids.length + names.hrefs.length > 0)
      for (const each of this.byNames(names)) this.#add(each);
    const hidden: Element[] = [];
    for (const [at, element] of elements.entries()) {
      if (at % LOOK === 0 && isLate()) break;
      if (this.#isHidden(element, isWhole)) hidden.push(element);
    }
    return hidden;
  }

  #isHidden(element: Element, isWhole: boolean): boolean {
    for (const key of keysOf(element)) {
      for (const each of this.#byKey.get(key) ?? [])
        if ((isWhole || !each.needsWhole) && each.matches(element)) return true;
    }
    return false;
  }

  #note(kind: string, name: string, into: string[]): void {
    if (name.length > 2048 || this.#seen.has(kind + name)) return;
    this.#seen.add(kind + name);
    into.push(name);
  }

  #add(selector: Compiled): void {
    for (const key of selector.keys) {
      const there = this.#byKey.get(key);
      if (there === undefined) this.#byKey.set(key, [selector]);
      else if (!there.includes(selector)) there.push(selector);
    }
  }
}

const classesOf = (attribs: Element['attribs']) =>
  (attribs.class ?? '').split(/[\t\n\f\r ]+/).filter((name) => name !== '');

function* keysOf({ name, attribs }: Element): Generator<string, void, void> {
  yield '*';
  yield name;
  if (attribs.id) yield `#${attribs.id}`;
  for (const each of classesOf(attribs)) yield `.${each}`;
  for (const each of Object.keys(attribs)) yield `[${each}`;
}
