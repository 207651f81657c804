// The content of an answer on its way to the browser: pages and style sheets have their addresses rewritten. By path, where
// all sites are one to the browser, markup that can't be is no page but a file to be kept: it might hold scripts.
import type { AddressRewriter } from './rewriting/address_rewriter.js';
import { rewriteMarkup } from './rewriting/markup.js';

const MARKUP =
  /^(image\/svg\+xml|text\/(html|x-hdml|x-chtml|vnd\.wap\.wml)|application\/(xhtml\+xml|vnd\.wap\.xhtml\+xml))\b/i;
const STYLES = /^text\/css\b/i;
/** Browsers run scripts in these too, where they are told to show them. */
const OTHER_MARKUP = /^((text|application)\/xml|[a-z]+\/[\w.-]+\+xml|multipart\/related|message\/rfc822)\b/i;
/** ASCII is not ASCII in these, or ASCII alone spells markup. */
const NOT_ASCII = /charset\s*=\s*["']?(utf-?(7|16|32)|(x-)?unicode|ucs-|iso-10646|csunicode|hz-gb|iso-2022)/i;
/** Bytes of a style sheet; longer ones pass as they are. */
const STYLES_LIMIT = 1_048_576;

export type Treatment = 'rewrite' | 'pass' | 'keep';

/** What becomes of content. `isCoded`: in a content coding that the client did not undo. */
export function treatmentOf(
  contentType: string,
  { isByPath, isCoded }: { isByPath: boolean; isCoded: boolean },
): Treatment {
  if (MARKUP.test(contentType)) {
    if (!isCoded && !NOT_ASCII.test(contentType)) return 'rewrite';
    return isByPath ? 'keep' : 'pass';
  }
  if (isByPath && OTHER_MARKUP.test(contentType)) return 'keep';
  return STYLES.test(contentType) && !isCoded ? 'rewrite' : 'pass';
}

/** The body of what `treatmentOf` rewrites. */
export function rewriteContent(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  addresses: AddressRewriter,
): AsyncIterable<Uint8Array> {
  if (STYLES.test(contentType)) return rewriteSheet(body, addresses);
  return rewriteMarkup(addresses.isByPath ? withoutWideMark(body) : body, addresses);
}

/** Headers under which a browser keeps a file, and shows nothing of it. */
export const asFile = (headers: readonly [string, string][]): [string, string][] => [
  ...headers.filter(([name]) => !/^content-(type|disposition)$/i.test(name)),
  ['Content-Type', 'application/octet-stream'],
  ['Content-Disposition', 'attachment'],
];

/** Without the mark by which a browser would read each two bytes as one character (Encoding Standard §6). */
async function* withoutWideMark(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const bytes of body) {
    if (start === undefined) {
      yield bytes;
      continue;
    }
    start = Buffer.concat([start, bytes]);
    if (start.length < 2) continue;
    yield isWideMark(start) ? start.subarray(2) : start;
    start = undefined;
  }
  if (start?.length) yield start;
}

const isWideMark = (start: Uint8Array) =>
  (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff);

async function* rewriteSheet(
  body: AsyncIterable<Uint8Array>,
  addresses: AddressRewriter,
): AsyncGenerator<Uint8Array, void, void> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of body) {
    if (length > STYLES_LIMIT) {
      yield bytes;
      continue;
    }
    kept.push(bytes);
    length += bytes.length;
    if (length > STYLES_LIMIT) yield* kept.splice(0);
  }
  if (kept.length > 0)
    yield Buffer.from(addresses.rewriteStyles(Buffer.concat(kept).toString('latin1')), 'latin1');
}
