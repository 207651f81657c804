// Which rule decides on a request: @ghostery/adblocker's engine, which finds rules by the words that an address holds.
import { FiltersEngine, Request, type RequestType } from '@ghostery/adblocker';
import type { ParsedList } from './list.js';

export const RESOURCE_TYPES = {
  document: 'main_frame',
  font: 'font',
  image: 'image',
  media: 'media',
  object: 'object',
  other: 'other',
  ping: 'ping',
  script: 'script',
  stylesheet: 'stylesheet',
  subdocument: 'sub_frame',
  websocket: 'websocket',
  xmlhttprequest: 'xmlhttprequest',
} as const satisfies Record<string, RequestType>;
export type ResourceType = keyof typeof RESOURCE_TYPES;

export interface Question {
  /** A whole address; what is no http or https URL is no rule's business. */
  url: string;
  /** Host of the page that asks; undefined where it is not known. */
  page: string | undefined;
  /** Undefined where nothing tells: rules for certain types then don't apply. */
  type: ResourceType | undefined;
}

/** The rest of a longer address is not looked at. */
const MAX_ADDRESS = 2048;

export class FilterEngine {
  readonly rules: FiltersEngine;
  readonly #written: ReadonlyMap<string, string>;

  constructor(lists: readonly ParsedList[]) {
    this.#written = new Map(lists.flatMap(({ written }) => [...written]));
    this.rules = new FiltersEngine({
      networkFilters: lists.flatMap(({ addresses }) => addresses),
      cosmeticFilters: lists.flatMap(({ elements }) => elements),
      preprocessors: lists.flatMap(({ conditions }) => conditions),
      // Merged rules could not be named apart.
      config: { enableCompression: false, enableOptimizations: false, loadPreprocessors: true, debug: true },
    });
  }

  /** The rule that refuses; undefined where none does, or an exception lets it through. */
  decide({ url, page, type }: Question): string | undefined {
    const address = plainAddress(url);
    if (address === undefined) return undefined;
    const request = Request.fromRawDetails({
      url: address.text,
      hostname: address.host,
      // A page of no other is its own.
      sourceUrl: `https://${page ?? address.host}/`,
      type: RESOURCE_TYPES[type ?? 'other'],
    });
    const { match, filter } = this.rules.match(request);
    if (!match || filter === undefined) return undefined;
    const rule = filter.rawLine ?? String(filter);
    return this.#written.get(rule) ?? rule;
  }
}

/** The address without what names a user or a place in the page. */
export function plainAddress(url: string): { text: string; host: string } | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return undefined;
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  // A name with its final dot is the same name (RFC 1034 §3.1), and no rule says it so.
  parsed.hostname = parsed.hostname.replace(/\.+$/, '');
  return { text: parsed.href.slice(0, MAX_ADDRESS), host: parsed.hostname };
}
