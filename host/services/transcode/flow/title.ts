// The title of a page: the first that it has.

const MAX_TITLE = 80;

export class FlowTitle {
  #text: string | undefined;
  #isOver = false;

  constructor(private readonly onTitle: (title: string) => void) {}

  start(): void {
    this.#text ??= '';
  }

  /** True where the text is the title's. */
  text(text: string): boolean {
    if (this.#text === undefined || this.#isOver) return false;
    if (this.#text.length < MAX_TITLE) this.#text += text.slice(0, MAX_TITLE);
    return true;
  }

  /** Its end, or anything that can't stand in it. */
  end(): void {
    if (this.#text === undefined || this.#isOver) return;
    this.#isOver = true;
    this.onTitle(this.#text.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE));
  }
}
