// Which rule decides on a request. Rules are found by the domain or a word that an address must hold, so that a list
// of a hundred thousand costs no more than a few look-ups.
import type { ResourceType, Rule } from './list.js';
import { type Address, matches } from './pattern.js';

export interface Question {
  address: Address;
  /** Host of the page that asks; undefined where it is not known. */
  page: string | undefined;
  /** Undefined where nothing tells: rules for certain types then don't apply. */
  type: ResourceType | undefined;
}

export class FilterEngine {
  readonly #byDomain = new Map<string, Rule[]>();
  readonly #byWord = new Map<string, Rule[]>();
  readonly #others: Rule[] = [];

  constructor(rules: Iterable<Rule>) {
    for (const rule of rules) this.#add(rule);
  }

  /** The rule that refuses; undefined where none does, or an exception lets it through. */
  decide(question: Question): Rule | undefined {
    let refusing: Rule | undefined;
    let isExcepted = false;
    for (const rule of this.#candidates(question.address)) {
      const isSettled = rule.exception ? isExcepted : refusing !== undefined && !rule.important;
      if (isSettled || !applies(rule, question)) continue;
      if (rule.important && !rule.exception) return rule;
      if (rule.exception) isExcepted = true;
      else refusing = rule;
    }
    return isExcepted ? undefined : refusing;
  }

  #add(rule: Rule): void {
    const domain = domainOf(rule);
    const word = domain === undefined ? wordOf(rule) : undefined;
    if (domain !== undefined) push(this.#byDomain, domain, rule);
    else if (word !== undefined) push(this.#byWord, word, rule);
    else this.#others.push(rule);
  }

  *#candidates({ host, lower }: Address): Generator<Rule, void, void> {
    for (const domain of suffixes(host)) yield* this.#byDomain.get(domain) ?? [];
    for (const word of new Set(lower.match(WORDS) ?? [])) yield* this.#byWord.get(word) ?? [];
    yield* this.#others;
  }
}

const WORDS = /[a-z0-9]{3,}/g;

function push(map: Map<string, Rule[]>, key: string, rule: Rule): void {
  const rules = map.get(key);
  if (rules === undefined) map.set(key, [rule]);
  else rules.push(rule);
}

/** `a.b.c`, `b.c`, `c`. */
function* suffixes(host: string): Generator<string, void, void> {
  for (let at = 0; at >= 0; at = host.indexOf('.', at) + 1 || -1) yield host.slice(at);
}

/** The domain that an address must be of; undefined where the pattern does not name a whole one. */
function domainOf({ pattern }: Rule): string | undefined {
  if (pattern.anchor !== 'domain') return undefined;
  return /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)[/^:]/i.exec(pattern.pieces[0]!)?.[1]?.toLowerCase();
}

/** The longest word that an address must hold as a whole word. */
function wordOf({ pattern: { pieces, anchor, anchoredEnd } }: Rule): string | undefined {
  let longest: string | undefined;
  for (const [index, piece] of pieces.entries()) {
    for (const match of piece.toLowerCase().matchAll(WORDS)) {
      const end = match.index + match[0].length;
      // At an open end of a piece the word may be longer in the address.
      const isOpen =
        (match.index === 0 && !(index === 0 && anchor !== 'none')) ||
        (end === piece.length && !(index === pieces.length - 1 && anchoredEnd));
      if (!isOpen && match[0].length > (longest?.length ?? 0)) longest = match[0];
    }
  }
  return longest;
}

function applies(rule: Rule, { address, page, type }: Question): boolean {
  if (rule.types !== undefined && (type === undefined || !rule.types.has(type))) return false;
  if (rule.thirdParty !== undefined) {
    const isThird = page !== undefined && site(page) !== site(address.host);
    if (isThird !== rule.thirdParty) return false;
  }
  const isOn = (domain: string) => page !== undefined && (page === domain || page.endsWith(`.${domain}`));
  if (rule.domains.length > 0 && !rule.domains.some(isOn)) return false;
  if (rule.exceptDomains.some(isOn)) return false;
  return matches(rule.pattern, address);
}

/** Second labels under which people register, as in `example.co.uk`: the common ones, not the Public Suffix List. */
const SECOND_LEVEL = /^(ac|co|com|edu|go|gov|gob|govt|ne|net|nom|or|org)$/;

/** What one owner registered. An address is its own. */
export function site(host: string): string {
  if (/^[\d.]+$|:|^\[/.test(host)) return host;
  const labels = host.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const count = top.length === 2 && SECOND_LEVEL.test(second) ? 3 : 2;
  return labels.slice(-count).join('.');
}
