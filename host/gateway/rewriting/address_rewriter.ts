// Addresses inside a page, as the browser that shows it must write them.
import { type AddressForm, addressFor, hostOf, parseAddress, type WebAddress } from '../address.js';

export interface RewriteContext {
  form: AddressForm;
  /** Of the page itself. */
  page: WebAddress;
  /** `http://host:port` of the gateway, as this browser knows it. */
  self: string;
}

/** Scheme and host at the front of an address, and the rest, which stays as it was written. */
const ABSOLUTE = /^(\s*)(https?:)?\/\/([^/?#\s\\]+)/i;

/** Rewrites the addresses of one page. */
export class AddressRewriter {
  readonly #context: RewriteContext;

  constructor(context: RewriteContext) {
    this.#context = context;
  }

  /** Whether the browser writes the site into the path, and so takes all sites for one. */
  get isByPath(): boolean {
    return this.#context.form === 'path';
  }

  /**
   * Whether scripts are left out: a browser without a proxy setting takes all sites for one, so that a script of any
   * could read every other, with its cookies.
   */
  get dropsScripts(): boolean {
    return this.isByPath;
  }

  /**
   * `text` as it stands in the page; the same text where it needs no change. Relative addresses stay: they lead where
   * the page itself came from. Only in the `path` form those that begin with `/` change.
   */
  rewrite(text: string): string {
    const { form, page, self } = this.#context;
    const absolute = ABSOLUTE.exec(text);
    if (absolute !== null) {
      const [front, space = '', scheme = `${page.scheme}:`, host = ''] = absolute;
      if (form === 'proxy' && !/^https:$/i.test(scheme)) return text;
      const address = parseAddress(`${scheme}//${host}/`);
      if (address === undefined) return text;
      const written = addressFor(form, { ...address, path: '' }, self);
      const rest = text.slice(front.length);
      // Old browsers take `http://host?query` for a host of that name.
      return `${space}${written}${/^[?#]|^$/.test(rest) ? '/' : ''}${rest}`;
    }
    if (form === 'proxy' || !/^\s*\//.test(text)) return text;
    return text.replace(/^\s*/, `${self}/${page.scheme}/${hostOf(page)}`);
  }

  /** A `srcset`. */
  rewriteSet(text: string): string {
    return text.replace(/(^|,\s)(\s*)([^\s,]\S*)/g, (_, comma, space, address) => {
      return `${comma}${space}${this.rewrite(address)}`;
    });
  }

  /** `5; URL=https://…`, of a `meta` element or a Refresh header. */
  rewriteRefresh(text: string): string {
    return text.replace(/^(\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?['"]?)([^'"]+)/i, (_, before, address) => {
      return `${before}${this.rewrite(address)}`;
    });
  }

  /** `url(…)` and `@import "…"` of a style sheet. */
  rewriteStyles(text: string): string {
    return text
      .replace(/(url\(\s*['"]?)([^'")]+)/gi, (_, before, address) => `${before}${this.rewrite(address)}`)
      .replace(/(@import\s+['"])([^'"]+)/gi, (_, before, address) => `${before}${this.rewrite(address)}`);
  }
}
