// Whether a page says nothing before its scripts have run, told while it comes.
import { Parser } from 'htmlparser2';

/** Characters that a page may show where its scripts will put it: `Loading …`. */
const NOTHING = 40;
const UNSEEN = new Set(['script', 'style', 'noscript', 'template', 'title', 'head', 'svg', 'iframe']);

export class EmptyPageWatch {
  #characters = 0;
  #scripts = 0;
  readonly #open: string[] = [];
  readonly #parser = new Parser({
    onopentag: (name) => {
      if (name === 'script') this.#scripts++;
      if (this.#open.length > 0 || UNSEEN.has(name)) this.#open.push(name);
    },
    ontext: (text) => {
      if (this.#open.length === 0) this.#characters += text.trim().length;
    },
    onclosetag: (name) => {
      const at = this.#open.lastIndexOf(name);
      if (at >= 0) this.#open.length = at;
    },
  });

  /** Letters of another alphabet count in bytes here: fewer of them say as much. */
  write(bytes: Uint8Array): void {
    this.#parser.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  }

  get hasText(): boolean {
    return this.#characters > NOTHING;
  }

  /** After all of it. */
  get isMadeByScripts(): boolean {
    return this.#scripts > 0 && !this.hasText;
  }
}
