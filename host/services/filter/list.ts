// Filter lists: EasyList's syntax, read by @ghostery/adblocker, and lines of Deputy's own beside it.
//
//   ||ads.example^  @@||ads.example/needed.js  /banner/*.gif$image,third-party     which addresses to refuse
//   ##.cookie-banner   news.example###overlay                                      which elements to leave out of pages
//   0.0.0.0 ads.example         a line of a hosts file
//   %deny-type video/*          types that are not let through
//   %max-bytes 2M               largest response; with a type before the number, of that type: %max-bytes image/* 200K
import { type CosmeticFilter, NetworkFilter, type Preprocessor, parseFilters } from '@ghostery/adblocker';
import type { FilterList, SizeLimit, UnusableLine } from './filter_list.js';
import { withoutBacktracking } from './wildcards.js';

/** A list as the library reads it. */
export interface ParsedList extends FilterList {
  addresses: readonly NetworkFilter[];
  elements: readonly CosmeticFilter[];
  /** What `!#if` lines say of the rules between them. */
  conditions: readonly Preprocessor[];
  /** Rules that the library reads in another form, by that form. */
  written: ReadonlyMap<string, string>;
}

const isParsed = (list: FilterList): list is ParsedList =>
  'addresses' in list && 'elements' in list && 'conditions' in list && 'written' in list;

/** The list with its rules. Throws TypeError for what `parseList` did not make. */
export function rulesOf(list: FilterList): ParsedList {
  if (!isParsed(list)) throw new TypeError('a filter takes lists that parseList made');
  return list;
}

/** Lists name the pages of a rule in its line: some take thousands of characters. */
const MAX_LINE = 64 << 10;
const HOSTS = /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+([a-z0-9_.-]+(?:\s+[a-z0-9_.-]+)*)\s*(?:#.*)?$/i;
/** Names that hosts files have for the machine itself. */
const OWN_NAME = /^(?:localhost|local|localhost\.localdomain|broadcasthost|ip6-\w+|0\.0\.0\.0)$/i;
/** Other lines may begin with a percent sign too, as addresses have it: %2F. */
const OWN_LINE = /^%[a-z-]+(?:\s|$)/i;
const TYPE = /^(?:\*|[a-z0-9!#$&^_.+-]+)\/(?:\*|[a-z0-9!#$&^_.+-]+)$/i;
/** A pattern of nothing would refuse everything: only options can mean that. */
const ANYTHING = /^(?:@@)?[|*^]+$/;

/** Never throws: what a line does not say in a way that can be applied stands in `unusable`. */
export function parseList(text: string): ParsedList {
  const hosts: string[] = [];
  const deniedTypes: string[] = [];
  const sizes: SizeLimit[] = [];
  const unusable: UnusableLine[] = [];
  /** By what the library reads in their place. */
  const written = new Map<string, string>();
  const refuse = (index: number, line: string, why: string) => {
    unusable.push({ line: index + 1, text: line.slice(0, 100), why });
    return '';
  };
  const ownTaken = (line: string, index: number): string => {
    if (OWN_LINE.test(line)) {
      const limit = parseLimit(line);
      if (typeof limit === 'string') deniedTypes.push(limit);
      else if (limit !== undefined) sizes.push(limit);
      else refuse(index, line, 'write %deny-type TYPE, or %max-bytes [TYPE] NUMBER');
      return '';
    }
    const names = HOSTS.exec(line)?.[1];
    if (names !== undefined) {
      hosts.push(...names.split(/\s+/).filter((name) => !OWN_NAME.test(name)));
      return '';
    }
    if (line.length > MAX_LINE) return refuse(index, line, 'the line is too long');
    if (ANYTHING.test(line)) return refuse(index, line, 'it would refuse everything');
    const safe = withoutBacktracking(line);
    if (safe === undefined) return line;
    written.set(safe, line);
    return safe;
  };
  // Lines keep their numbers.
  const rest = text.split(/\r?\n/).map((line, index) => ownTaken(line.trim(), index));
  const parsed = parseFilters(rest.join('\n'), { debug: true, loadPreprocessors: true });
  for (const { lineNumber, filter } of parsed.notSupportedFilters)
    refuse(lineNumber, written.get(filter) ?? filter, whyNot(filter));
  const ofHosts = hosts.map((host) => NetworkFilter.parse(`||${host.toLowerCase()}^`, true));
  return {
    addresses: [...parsed.networkFilters, ...ofHosts.filter((rule) => rule !== null)],
    elements: parsed.cosmeticFilters.filter(isForElements),
    conditions: parsed.preprocessors,
    written,
    deniedTypes,
    sizes,
    unusable: unusable.sort((one, other) => one.line - other.line),
  };
}

/** Scripts and other styles are for browsers. An exception from one of these stays with the rest. */
const isForElements = (rule: CosmeticFilter): boolean => !rule.isScriptInject() && !rule.hasCustomStyle();

function whyNot(rule: string): string {
  if (/#@?[?$%]+#|\$\$|\$@\$/.test(rule)) return 'it takes a browser to apply it';
  if (/[$,]popup\b/.test(rule)) return 'it is about windows that open';
  return 'no rule that can be applied here';
}

/** A type to deny, or a limit; undefined for what is neither. */
function parseLimit(line: string): string | SizeLimit | undefined {
  const [word, ...values] = line.toLowerCase().split(/\s+/);
  const [one = '', other] = values;
  if (word === '%deny-type') return values.length === 1 && TYPE.test(one) ? one : undefined;
  if (word !== '%max-bytes' || values.length > 2) return undefined;
  const size = /^(\d{1,12})([kmg]?)$/.exec(other ?? one);
  const type = other === undefined ? '*/*' : one;
  if (size === null || !TYPE.test(type)) return undefined;
  const bytes = Number(size[1]) * 1024 ** ' kmg'.indexOf(size[2] || ' ');
  return bytes > 0 ? { type, bytes } : undefined;
}
