// Output whose pieces become ready out of order and leave in order, with a bound on what waits.

/** Text pieces in the order of the page; a promised piece (a picture under way) holds back what follows it. */
export class OrderedOutput {
  #pieces: (string | Promise<string>)[] = [];
  #waiting = 0;
  #characters = 0;

  /** `maxWaiting` promised pieces and `maxCharacters` of ready text may queue behind the first promise. */
  constructor(
    readonly maxWaiting = 16,
    readonly maxCharacters = 256 * 1024,
  ) {}

  push(text: string): void {
    this.#pieces.push(text);
    this.#characters += text.length;
  }

  /** `piece` must not reject: a picture that fails is a placeholder, not an error. */
  pushLater(piece: Promise<string>): void {
    this.#pieces.push(piece);
    this.#waiting++;
  }

  /** The text that may leave now. Waits for promised pieces only while the bounds are exceeded, or to the `end`. */
  async *drain(end: boolean): AsyncGenerator<string> {
    let ready = '';
    while (this.#pieces.length > 0) {
      const piece = this.#pieces[0]!;
      if (typeof piece !== 'string') {
        if (!end && !this.#isFull()) break;
        if (ready !== '') yield ready;
        ready = await piece;
        this.#waiting--;
      } else {
        ready += piece;
        this.#characters -= piece.length;
      }
      this.#pieces.shift();
    }
    if (ready !== '') yield ready;
  }

  #isFull(): boolean {
    return this.#waiting > this.maxWaiting || this.#characters > this.maxCharacters;
  }
}
