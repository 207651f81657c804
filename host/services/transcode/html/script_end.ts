// Where a script ends (HTML §13.2.5.15 to 31): not at an end tag within a comment of its own that holds a start tag.

const SIGNS = /<!--|-->|<(\/?)script(?=[\t\n\f\r />])/gi;
/** Characters of a sign that a piece of text may end in. */
const LONGEST = '</script '.length - 1;

export class ScriptEnd {
  #carried = '';
  #isEscaped = false;
  #isNested = false;

  /** `text` from the end tag on, with what of the tag came before; undefined where the script goes on. */
  find(text: string): string | undefined {
    const whole = this.#carried + text;
    SIGNS.lastIndex = 0;
    let read = 0;
    for (let sign = SIGNS.exec(whole); sign !== null; sign = SIGNS.exec(whole)) {
      const [word, slash] = sign;
      if (word === '<!--') this.#isEscaped = true;
      else if (word === '-->') this.#isEscaped = this.#isNested = false;
      else if (slash === '') this.#isNested = this.#isEscaped;
      else if (this.#isNested) this.#isNested = false;
      else return whole.slice(sign.index);
      // `<!-->` ends what it begins.
      read = SIGNS.lastIndex = word === '<!--' ? SIGNS.lastIndex - 2 : SIGNS.lastIndex;
    }
    this.#carried = whole.slice(Math.max(read, whole.length - LONGEST));
    return undefined;
  }
}
