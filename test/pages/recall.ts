// What of a page arrives: the words of its main content, and its links.
import { Readability } from '@mozilla/readability';
import { Parser } from 'htmlparser2';
import { parseHTML } from 'linkedom';
import type { DeviceProfile } from '../../host/delegation/device.js';
import type { ReadPage } from './device.js';

export interface Source {
  /** Words of the main content, in order. */
  words: readonly string[];
  /** Whether an article was found; else the words are those of the whole body. */
  isArticle: boolean;
  /** Absolute addresses, each once, without a place in them. */
  links: ReadonlySet<string>;
  /** Tells text of the page from its source. */
  text: string;
}

export interface Arrived {
  /** 0 to 1; 1 where there was nothing to say. */
  recall: number;
  linksKept: number;
  missing: readonly string[];
}

const DROPPED = /^(?:script|style|noscript|template|iframe|object|svg|math|datalist|title)$/;

export function readSource(bytes: Buffer, url: string): Source {
  const text = decoded(bytes);
  const { document } = parseHTML(/<html[\s>]/i.test(text) ? text : `<html><body>${text}</body></html>`);
  const links = new Set<string>();
  for (const anchor of document.querySelectorAll('a[href], area[href]')) {
    const address = absolute(anchor.getAttribute('href') ?? '', url);
    if (address !== undefined) links.add(address);
  }
  const isDropped = (name: string, { hidden }: Record<string, string>) =>
    DROPPED.test(name) || hidden !== undefined;
  const whole = words(spaced(text, isDropped));
  const article = articleOf(document);
  const main = article === undefined ? [] : words(spaced(article, isDropped));
  const isArticle = main.length >= 30;
  return { words: isArticle ? main : whole, isArticle, links, text };
}

function articleOf(document: Document): string | undefined {
  try {
    return new Readability(document).parse()?.content ?? undefined;
  } catch {
    return undefined;
  }
}

export function arrived(source: Source, read: ReadPage, profile: DeviceProfile, url: string): Arrived {
  const label = profile.charset === 'us-ascii' ? 'ascii' : profile.charset;
  const parts = read.parts.map((part) => new TextDecoder(label).decode(part));
  const isText = read.type.startsWith('text/plain');
  const there = new Map<string, number>();
  for (const part of parts)
    for (const word of words(isText ? part : spaced(part))) there.set(word, (there.get(word) ?? 0) + 1);
  const missing: string[] = [];
  const asked = source.words.filter((word) => isSayable(word, profile.charset));
  for (const word of asked) {
    const left = there.get(word) ?? 0;
    if (left > 0) there.set(word, left - 1);
    else missing.push(word);
  }
  const kept = new Set(parts.flatMap((part) => addressesIn(part, url, isText)));
  const links = [...source.links];
  return {
    recall: asked.length === 0 ? 1 : 1 - missing.length / asked.length,
    linksKept: links.length === 0 ? 1 : links.filter((link) => kept.has(link)).length / links.length,
    missing,
  };
}

/** Letters and digits alone, without case and accents: devices without them are sent the plain letters. */
function words(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** A device that has no such letters can't be sent the word. */
const isSayable = (word: string, charset: string): boolean =>
  charset === 'utf-8' || (charset === 'shift_jis' ? /^[\w\u3040-\u30ff\u4e00-\u9fff]+$/ : /^\w+$/).test(word);

/** The text of markup of any kind, with space where elements part it. */
function spaced(
  markup: string,
  isDropped = (name: string, _: Record<string, string>) => isUnread(name),
): string {
  let text = '';
  /** Open elements from the first that is dropped on. */
  let dropped: string[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (dropped.length > 0 || isDropped(name, attributes)) dropped.push(name);
      if (dropped.length > 0) return;
      text += INLINE.test(name) ? '' : ' ';
      if (attributes.alt) text += ` ${attributes.alt} `;
    },
    ontext: (data) => {
      if (dropped.length === 0) text += data;
    },
    onclosetag: (name) => {
      if (dropped.length > 0) dropped = dropped.slice(0, dropped.lastIndexOf(name));
      else text += INLINE.test(name) ? '' : ' ';
    },
  });
  parser.end(markup);
  return text;
}

const isUnread = (name: string): boolean => name === 'script' || name === 'style';
const INLINE =
  /^(?:a|abbr|b|big|bdi|bdo|cite|code|em|font|i|kbd|mark|q|s|samp|small|span|strong|tt|u|var|wbr)$/;

function addressesIn(part: string, url: string, isText: boolean): string[] {
  if (isText)
    return part.match(/\bhttps?:\/\/[^\s<>"')\]]+/g)?.flatMap((each) => absolute(each, url) ?? []) ?? [];
  const found: string[] = [];
  const parser = new Parser({
    onattribute: (name, value) => {
      if (!/^(?:href|dest)$/i.test(name)) return;
      const address = absolute(value, url);
      if (address !== undefined) found.push(address);
    },
  });
  parser.end(part);
  return found;
}

function absolute(address: string, base: string): string | undefined {
  try {
    const url = new URL(address.trim(), base);
    if (!/^https?:$/.test(url.protocol)) return undefined;
    url.hash = '';
    for (const name of [...url.searchParams.keys()])
      if (name.startsWith('deputy.')) url.searchParams.delete(name);
    return url.href;
  } catch {
    return undefined;
  }
}

function decoded(bytes: Buffer): string {
  const head = bytes.subarray(0, 4096).toString('latin1');
  const label = /charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(/^utf/i.test(label) ? 'windows-1252' : label).decode(bytes);
  }
}
