// One line of an explanation: some bytes, and what they mean.

export interface Line {
  depth: number;
  /** Undefined for a line about no bytes of its own. */
  bytes?: Uint8Array;
  text: string;
}

/** Takes bytes from the front and says what they are. Bytes that are not there end the explanation, not the program. */
export class Explainer {
  readonly lines: Line[] = [];
  #at = 0;
  #depth: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, depth = 0) {
    this.#bytes = bytes;
    this.#depth = depth;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The big-endian number in the next `size` bytes, which stay; NaN where there are fewer. */
  peek(size: number): number {
    if (size > this.left) return Number.NaN;
    return this.#bytes.subarray(this.#at, this.#at + size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Says what the next `length` bytes are; `text` may depend on them. */
  field(length: number, text: string | ((bytes: Uint8Array) => string)): Uint8Array {
    if (length > this.left) throw new Short();
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    this.lines.push({ depth: this.#depth, bytes, text: typeof text === 'string' ? text : text(bytes) });
    return bytes;
  }

  /** A big-endian number of `size` bytes. */
  number(size: number, text: (value: number) => string): number {
    let value = 0;
    this.field(size, (bytes) => {
      for (const byte of bytes) value = value * 256 + byte;
      return text(value);
    });
    return value;
  }

  /** A length of `size` bytes and what it counts, explained one step further in. */
  vector(size: number, text: (length: number) => string, explain: (inner: Explainer) => void): void {
    const length = this.number(size, text);
    if (length > this.left) throw new Short();
    const inner = new Explainer(this.#bytes.subarray(this.#at, this.#at + length), this.#depth + 1);
    this.#at += length;
    inner.run(() => explain(inner));
    this.lines.push(...inner.lines);
  }

  /** Passes over bytes that must not be printed. */
  hidden(length: number, text: string): void {
    if (length > this.left) throw new Short();
    this.#at += length;
    this.note(text);
  }

  /** Leaves the rest unsaid. */
  skip(): void {
    this.#at = this.#bytes.length;
  }

  deeper(explain: () => void): void {
    this.#depth++;
    explain();
    this.#depth--;
  }

  note(text: string): void {
    this.lines.push({ depth: this.#depth, text });
  }

  /** Runs `explain`; what it leaves over, or could not make sense of, becomes a last line. */
  run(explain: () => void): Line[] {
    try {
      explain();
      if (this.left > 0) this.field(this.left, `${this.left} more bytes`);
    } catch (error) {
      if (!(error instanceof Short)) throw error;
      if (this.left > 0) this.field(this.left, 'these bytes make no sense here');
      else this.note('it ends too early');
    }
    return this.lines;
  }
}

class Short extends Error {}

const COLUMN = 34;
/** Bytes of one field that are printed; the rest is counted. */
const SHOWN = 32;
const ROW = 8;

/** Lines as text: hexadecimal on the left, eight bytes a row, the meaning on the right, indented. */
export function printLines(lines: readonly Line[]): string {
  return lines.map(printLine).join('');
}

function printLine({ depth, bytes, text }: Line): string {
  const shown = bytes === undefined ? [] : [...bytes.subarray(0, SHOWN)];
  const hex = shown.map((byte) => byte.toString(16).padStart(2, '0'));
  const rows: string[] = [];
  for (let at = 0; at < hex.length; at += ROW) rows.push(hex.slice(at, at + ROW).join(' '));
  if (bytes !== undefined && bytes.length > SHOWN) rows.push(`… ${bytes.length - SHOWN} more`);
  const first = `  ${(rows.shift() ?? '').padEnd(COLUMN - 2)}${'  '.repeat(depth)}${text}`.trimEnd();
  return [first, ...rows.map((row) => `  ${row}`)].map((row) => `${row}\n`).join('');
}
