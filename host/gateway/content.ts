// The content of an answer on its way to the browser: pages and style sheets have their addresses rewritten.
import type { AddressRewriter } from './rewriting/address_rewriter.js';
import { rewriteMarkup } from './rewriting/markup.js';

const MARKUP =
  /^(image\/svg\+xml|text\/(html|x-hdml|x-chtml|vnd\.wap\.wml)|application\/(xhtml\+xml|vnd\.wap\.xhtml\+xml))\b/i;
const STYLES = /^text\/css\b/i;
/** ASCII is not ASCII in these. */
const WIDE = /charset\s*=\s*["']?utf-(16|32)/i;
/** Bytes of a style sheet; longer ones pass as they are. */
const STYLES_LIMIT = 1_048_576;

export const isRewritten = (contentType: string): boolean =>
  (MARKUP.test(contentType) && !WIDE.test(contentType)) || STYLES.test(contentType);

export function rewriteContent(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  addresses: AddressRewriter,
): AsyncIterable<Uint8Array> {
  if (!isRewritten(contentType)) return body;
  return STYLES.test(contentType) ? rewriteSheet(body, addresses) : rewriteMarkup(body, addresses);
}

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
