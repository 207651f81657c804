// The addresses of a page of markup, rewritten while it passes; every other byte stays as it is.
import type { Token } from 'parse5';
import { RewritingStream } from 'parse5-html-rewriting-stream';
import type { AddressRewriter } from './address_rewriter.js';
import { ADDRESS_SETS, ADDRESSES } from './attributes.js';

type Rewrite = (value: string) => string;

/** A rewriting stream from which what is done is taken at once, so that a slow browser holds the page back. */
class Passage extends RewritingStream {
  #text = '';

  override emitRaw(html: string): void {
    this.#text += html;
  }

  takeDone(): Buffer {
    const bytes = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    return bytes;
  }
}

/**
 * Rewrites `body`, whose character set is a superset of ASCII: bytes are read as Latin-1, so that what is not ASCII passes
 * as it came. A page that ends early ends early here.
 */
export async function* rewriteMarkup(
  body: AsyncIterable<Uint8Array>,
  addresses: AddressRewriter,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = new Passage();
  stream.on('startTag', (tag, raw) => {
    const location = tag.sourceCodeLocation;
    if (!location) return stream.emitRaw(raw);
    const { attrs = {}, startOffset } = location as Token.LocationWithAttributes;
    let rewritten = '';
    let at = 0;
    for (const { name, value, prefix } of tag.attrs) {
      const place = attrs[prefix ? `${prefix}:${name}` : name] ?? attrs[name];
      const rewrite = rewriterOf(tag.tagName, name, tag.attrs, addresses);
      if (place === undefined || rewrite === undefined) continue;
      const [from, to] = [place.startOffset - startOffset, place.endOffset - startOffset];
      if (from < at) continue;
      rewritten += raw.slice(at, from) + rewriteAttribute(raw.slice(from, to), value, rewrite);
      at = to;
    }
    stream.emitRaw(rewritten + raw.slice(at));
  });
  let isInStyle = false;
  stream.on('text', (_, raw) => stream.emitRaw(isInStyle ? addresses.rewriteStyles(raw) : raw));
  stream.prependListener('startTag', ({ tagName }) => {
    isInStyle = tagName === 'style';
  });
  stream.on('endTag', (_, raw) => {
    isInStyle = false;
    stream.emitRaw(raw);
  });
  for await (const bytes of body) {
    stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    yield stream.takeDone();
  }
  await new Promise<void>((resolve) => stream.end(resolve));
  yield stream.takeDone();
}

/** What an attribute holds of addresses; undefined where it holds none. */
function rewriterOf(
  element: string,
  name: string,
  attributes: readonly { name: string; value: string }[],
  addresses: AddressRewriter,
): Rewrite | undefined {
  if (ADDRESSES.has(name)) return (value) => addresses.rewrite(value);
  if (ADDRESS_SETS.has(name)) return (value) => addresses.rewriteSet(value);
  if (name === 'style') return (value) => addresses.rewriteStyles(value);
  const isRefresh = (attribute: { name: string; value: string }) =>
    attribute.name === 'http-equiv' && /^\s*refresh\s*$/i.test(attribute.value);
  if (element === 'meta' && name === 'content' && attributes.some(isRefresh))
    return (value) => addresses.rewriteRefresh(value);
  return undefined;
}

/** `name="value"` as it stands in the tag. Character references in the value stay, unless they hide where it leads. */
function rewriteAttribute(raw: string, value: string, rewrite: Rewrite): string {
  const [, before = '', quote = '', inside = ''] = /^([^=]*=\s*)(["']?)(.*?)\2$/s.exec(raw) ?? [];
  const rewritten = rewrite(inside);
  if (rewritten !== inside) return `${before}${quote || '"'}${rewritten}${quote || '"'}`;
  const decoded = rewrite(value);
  return decoded === value ? raw : `${before}"${decoded.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
}
