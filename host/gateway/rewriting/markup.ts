// The addresses of a page of markup, rewritten while it passes; every other byte stays as it is.
import type { Token } from 'parse5';
import { RewritingStream } from 'parse5-html-rewriting-stream';
import type { AddressRewriter } from './address_rewriter.js';
import { ADDRESS_SETS, ADDRESSES } from './attributes.js';

type Rewrite = (value: string) => string;
/** Makes an attribute, as it stands in a tag, another one; undefined leaves it out. */
type Change = (raw: string, value: string) => string | undefined;

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
  const { dropsScripts } = addresses;
  let isInScript = false;
  let isInStyle = false;
  stream.on('startTag', (tag, raw) => {
    isInStyle = tag.tagName === 'style';
    isInScript = dropsScripts && tag.tagName === 'script' && !tag.selfClosing;
    if (dropsScripts && tag.tagName === 'script') return;
    const location = tag.sourceCodeLocation;
    if (!location) return stream.emitRaw(raw);
    const { attrs = {}, startOffset } = location as Token.LocationWithAttributes;
    let rewritten = '';
    let at = 0;
    for (const { name, value, prefix } of tag.attrs) {
      const place = attrs[prefix ? `${prefix}:${name}` : name] ?? attrs[name];
      const change = changeOf(tag.tagName, name, tag.attrs, addresses);
      if (place === undefined || change === undefined) continue;
      const [from, to] = [place.startOffset - startOffset, place.endOffset - startOffset];
      if (from < at) continue;
      rewritten += raw.slice(at, from) + (change(raw.slice(from, to), value) ?? '');
      at = to;
    }
    stream.emitRaw(rewritten + raw.slice(at));
  });
  stream.on('text', (_, raw) => {
    if (!isInScript) stream.emitRaw(isInStyle ? addresses.rewriteStyles(raw) : raw);
  });
  stream.on('endTag', ({ tagName }, raw) => {
    isInStyle = false;
    isInScript = false;
    if (!dropsScripts || tagName !== 'script') stream.emitRaw(raw);
  });
  for await (const bytes of body) {
    stream.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    yield stream.takeDone();
  }
  await new Promise<void>((resolve) => stream.end(resolve));
  yield stream.takeDone();
}

/** Events of WML that hold addresses; every other `on…` is a script. */
const WML_EVENTS = new Set(['onenterbackward', 'onenterforward', 'onpick', 'ontimer']);
const SCRIPT_ADDRESS = /^[\0-\x20]*(java|vb|live)[\0-\x20]*script[\0-\x20]*:/i;

function changeOf(
  element: string,
  name: string,
  attributes: readonly { name: string; value: string }[],
  addresses: AddressRewriter,
): Change | undefined {
  const rewrite = rewriterOf(element, name, attributes, addresses);
  if (!addresses.dropsScripts) return rewrite && ((raw, value) => rewriteAttribute(raw, value, rewrite));
  if ((name.startsWith('on') && !WML_EVENTS.has(name)) || name === 'srcdoc') return () => undefined;
  return (raw, value) => {
    if (SCRIPT_ADDRESS.test(value) || /^[\0-\x20]*data:[^,]*(html|svg|xml)/i.test(value)) return undefined;
    return rewrite === undefined ? raw : rewriteAttribute(raw, value, rewrite);
  };
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
