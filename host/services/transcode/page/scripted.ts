// A page that scripts would make: it says so, and gives what it has without them.
import { type Element, ElementFilter, type ElementSink, element } from '../html/element.js';
import { documentAddress, nameOfAddress } from './address.js';
import type { BaseAddress } from './base_address.js';
import { firstLabel } from './embedded.js';
import { MAX_DATA, textOfLinkedData } from './linked_data.js';

/** Characters that a page without content may show where its scripts put it: `Loading …`. */
const NOTHING = 40;
const MAX_ALTERNATES = 8;
const MAX_DESCRIPTION = 2000;

const SENTENCE = 'This page is made by scripts, which this device does not run.';

/** What the head and the scripts of a page say. Stands before what is dropped. */
export class ScriptWitness extends ElementFilter {
  scripts = 0;
  description: string | undefined;
  readonly alternates: { url: string; label: string }[] = [];
  readonly data: string[] = [];
  #room = MAX_DATA;
  #open: { script: Element; text: string } | undefined;

  constructor(
    next: ElementSink,
    private readonly base: BaseAddress,
  ) {
    super(next);
  }

  override start(each: Element): void {
    const { name, attributes } = each;
    this.base.see(each);
    if (name === 'script') {
      const isData = /^\s*application\/ld\+json\b/i.test(attributes.get('type') ?? '');
      if (isData) this.#open = { script: each, text: '' };
      else this.scripts++;
    } else if (name === 'meta') this.#meta(attributes);
    else if (name === 'link') this.#link(attributes);
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each === this.#open?.script) {
      this.data.push(this.#open.text);
      this.#open = undefined;
    }
    this.next.end(each);
  }

  override text(text: string): void {
    if (this.#open !== undefined && this.#room >= text.length) {
      this.#open.text += text;
      this.#room -= text.length;
    }
    this.next.text(text);
  }

  #meta(attributes: Element['attributes']): void {
    const name = (attributes.get('name') ?? attributes.get('property') ?? '').toLowerCase();
    const content = attributes.get('content')?.trim();
    if (content && (name === 'description' || (name === 'og:description' && this.description === undefined)))
      this.description = content.slice(0, MAX_DESCRIPTION);
  }

  #link(attributes: Element['attributes']): void {
    const relations = (attributes.get('rel') ?? '').toLowerCase().split(/\s+/);
    if (!relations.includes('alternate') && !relations.includes('amphtml')) return;
    if (relations.includes('stylesheet') || this.alternates.length >= MAX_ALTERNATES) return;
    const url = documentAddress(attributes.get('href'), this.base.url);
    if (url === undefined || url === this.base.page) return;
    const label = firstLabel([attributes.get('title'), attributes.get('hreflang')]) ?? nameOfAddress(url);
    this.alternates.push({ url, label });
  }
}

/** Counts what shows, and speaks at the end where that is nothing. Stands behind what is dropped. */
export class Scripted extends ElementFilter {
  #shown = 0;
  /** Elements around that scripts may fill. */
  readonly #mounts = new Set<Element>();
  readonly #noscripts = new Set<Element>();
  #titles = 0;
  #witness: ScriptWitness | undefined;

  /** `remark`: what is to be said at the end all the same. */
  constructor(
    next: ElementSink,
    private readonly remark: () => string | undefined,
  ) {
    super(next);
  }

  /** The witness stands before this filter, and is there when the page begins. */
  watch(witness: ScriptWitness): void {
    this.#witness = witness;
  }

  /** Nothing of the page shows, and scripts would change that. */
  get isEmpty(): boolean {
    return this.#shown <= NOTHING && (this.#witness?.scripts ?? 0) > 0;
  }

  override start(each: Element): void {
    if (each.name === 'noscript') this.#noscripts.add(each);
    else if (each.name === 'title') this.#titles++;
    else if (COUNTED.has(each.name) && this.#noscripts.size === 0) this.#shown += NOTHING + 1;
    else if (isMount(each)) this.#mounts.add(each);
    this.next.start(each);
  }

  override end(each: Element): void {
    if (each.name === 'title') this.#titles--;
    this.#noscripts.delete(each);
    this.#mounts.delete(each);
    this.next.end(each);
  }

  override text(text: string): void {
    const isCounted = this.#shown <= NOTHING && this.#noscripts.size === 0 && this.#titles === 0;
    const length = isCounted ? text.trim().length : 0;
    if (length > 0) this.#shown += this.#mounts.size > 0 ? length : NOTHING + 1;
    this.next.text(text);
  }

  override finish(): void {
    if (this.#witness !== undefined && this.isEmpty) this.#speak(this.#witness);
    const remark = this.remark();
    if (remark !== undefined) this.#write('p', remark);
    this.next.finish();
  }

  #speak({ description, alternates, data }: ScriptWitness): void {
    this.#write('p', SENTENCE);
    if (description !== undefined) this.#write('p', description);
    for (const { kind, text } of data.flatMap(textOfLinkedData))
      if (text !== description) this.#write(kind === 'heading' ? 'h1' : 'p', text);
    for (const { url, label } of alternates) {
      const paragraph = element('p');
      this.next.start(paragraph);
      this.writeLink(url, label);
      this.next.end(paragraph);
    }
  }

  #write(name: string, text: string): void {
    const block = element(name);
    this.next.start(block);
    this.next.text(text);
    this.next.end(block);
  }
}

/** Elements that are content themselves, or have nothing else in them. */
const COUNTED: ReadonlySet<string> = new Set(
  'img form input a frame select textarea p h1 h2 h3 h4 h5 h6 li td th pre blockquote dt dd'.split(' '),
);

/** What scripts put a page into: a block that they know by its name, or an element of their own. */
const isMount = ({ name, attributes }: Element): boolean =>
  name.includes('-') || (['div', 'main', 'section'].includes(name) && attributes.has('id'));
