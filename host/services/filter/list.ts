// Filter lists: the part of EasyList's syntax that says which addresses to refuse, and Deputy's own limits.
//
//   ||ads.example^              a host and its subdomains       /banner/*.gif     a pattern anywhere in an address
//   |https://one.example/page|  one address                     @@||ads.example/needed.js   an exception
//   $third-party  $~third-party  $domain=a.example|~b.example  $match-case  $important  $script,image,~font …
//   0.0.0.0 ads.example         a line of a hosts file
//   %deny-type video/*          types that are not let through
//   %max-bytes 2M               largest response; with a type before the number, of that type: %max-bytes image/* 200K
//
// Rules that hide elements, regular expressions (what stands between two slashes: write /path/* for a path) and options
// that only a browser can apply are skipped and counted.
import { type Pattern, parsePattern } from './pattern.js';

export const RESOURCE_TYPES = [
  'document',
  'font',
  'image',
  'media',
  'object',
  'other',
  'ping',
  'script',
  'stylesheet',
  'subdocument',
  'websocket',
  'xmlhttprequest',
] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export interface Rule {
  source: string;
  pattern: Pattern;
  exception: boolean;
  important: boolean;
  /** Undefined: for both. */
  thirdParty: boolean | undefined;
  /** Pages to which it is limited, and pages that are left out. Empty: all, none. */
  domains: readonly string[];
  exceptDomains: readonly string[];
  /** Undefined: all. */
  types: ReadonlySet<ResourceType> | undefined;
}

export interface FilterList {
  rules: Rule[];
  deniedTypes: string[];
  sizes: { type: string; bytes: number }[];
  /** Lines that say something, but nothing for a proxy. */
  skipped: number;
}

export class FilterError extends Error {
  override readonly name = 'FilterError';
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

const MAX_RULE = 2048;
const COSMETIC = /#@?[?$%]?@?#|\$\$|\$@\$/;
const HOSTS = /^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+([a-z0-9_.-]+)\s*(?:#.*)?$/i;
const TYPE = /^(?:\*|[a-z0-9!#$&^_.+-]+)\/(?:\*|[a-z0-9!#$&^_.+-]+)$/i;
const ALIASES: Readonly<Record<string, ResourceType>> = {
  css: 'stylesheet',
  doc: 'document',
  frame: 'subdocument',
  xhr: 'xmlhttprequest',
  beacon: 'ping',
};

/** Throws FilterError for a `%` line that it does not understand. */
export function parseList(text: string): FilterList {
  const list: FilterList = { rules: [], deniedTypes: [], sizes: [], skipped: 0 };
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('!') || /^\[.*\]$/.test(line) || /^#($|[^#@?$%])/.test(line)) continue;
    if (line.startsWith('%')) {
      parseLimit(line, index + 1, list);
      continue;
    }
    const rule = parseRule(line);
    if (rule === undefined) list.skipped++;
    else list.rules.push(rule);
  }
  return list;
}

function parseLimit(line: string, number: number, list: FilterList): void {
  const [word, ...values] = line.toLowerCase().split(/\s+/);
  const [one = '', other] = values;
  if (word === '%deny-type' && values.length === 1 && TYPE.test(one)) {
    list.deniedTypes.push(one);
    return;
  }
  const size = /^(\d{1,12})([kmg]?)$/.exec(other ?? one);
  const type = other === undefined ? '*/*' : one;
  if (word === '%max-bytes' && values.length <= 2 && size !== null && TYPE.test(type)) {
    const bytes = Number(size[1]) * 1024 ** ' kmg'.indexOf(size[2] || ' ');
    if (bytes > 0) {
      list.sizes.push({ type, bytes });
      return;
    }
  }
  throw new FilterError(
    `write %deny-type TYPE, or %max-bytes [TYPE] NUMBER, not '${line.slice(0, 60)}'`,
    number,
  );
}

function parseRule(line: string): Rule | undefined {
  if (line.length > MAX_RULE || COSMETIC.test(line)) return undefined;
  const host = HOSTS.exec(line)?.[1];
  const source = host === undefined ? line : `||${host}^`;
  const exception = source.startsWith('@@');
  const body = exception ? source.slice(2) : source;
  // Options follow the last `$`, where what follows looks like options.
  const dollar = body.lastIndexOf('$');
  const hasOptions = dollar >= 0 && /^[\w~,=|.*-]*$/.test(body.slice(dollar + 1)) && dollar < body.length - 1;
  const text = hasOptions ? body.slice(0, dollar) : body;
  if (text.length > 1 && text.startsWith('/') && text.endsWith('/')) return undefined;
  if (/[^\x21-\x7e]/.test(text)) return undefined;
  const options = parseOptions(hasOptions ? body.slice(dollar + 1) : '');
  if (options === undefined) return undefined;
  const { matchCase, ...rest } = options;
  // A pattern of nothing would refuse everything: only options can mean that.
  if (text.replace(/[|*^]/g, '') === '' && !hasOptions) return undefined;
  return { source: line, pattern: parsePattern(text, matchCase), exception, ...rest };
}

type Options = Omit<Rule, 'source' | 'pattern' | 'exception'> & { matchCase: boolean };

/** Undefined where one of them is not for a proxy. */
function parseOptions(text: string): Options | undefined {
  let thirdParty: boolean | undefined;
  let matchCase = false;
  let important = false;
  let domains: string[] = [];
  const included = new Set<ResourceType>();
  const excluded = new Set<ResourceType>();
  for (const option of text.split(',').filter((each) => each !== '')) {
    const negated = option.startsWith('~');
    const [name = '', value] = (negated ? option.slice(1) : option).toLowerCase().split('=', 2);
    const type = ALIASES[name] ?? (RESOURCE_TYPES as readonly string[]).find((each) => each === name);
    if (type !== undefined) (negated ? excluded : included).add(type as ResourceType);
    else if (name === 'third-party' || name === '3p') thirdParty = !negated;
    else if (name === 'first-party' || name === '1p') thirdParty = negated;
    else if (name === 'match-case') matchCase = !negated;
    else if (name === 'important') important = true;
    else if (name === 'all') RESOURCE_TYPES.forEach((each) => void included.add(each));
    else if ((name === 'domain' || name === 'from') && value) domains = value.split('|');
    else return undefined;
  }
  return {
    matchCase,
    important,
    thirdParty,
    domains: domains.filter((domain) => !domain.startsWith('~')),
    exceptDomains: domains.filter((domain) => domain.startsWith('~')).map((domain) => domain.slice(1)),
    types: typesOf(included, excluded),
  };
}

function typesOf(included: Set<ResourceType>, excluded: Set<ResourceType>): Set<ResourceType> | undefined {
  if (included.size > 0) return included;
  if (excluded.size === 0) return undefined;
  return new Set(RESOURCE_TYPES.filter((type) => !excluded.has(type)));
}
