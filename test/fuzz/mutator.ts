// Bends inputs: bits, bytes, words of a language, pieces of other inputs.

/** xorshift32: the same inputs for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }

  oneOf<T>(values: readonly T[]): T | undefined {
    return values[this.below(values.length || 1)];
  }
}

const INTERESTING = [0, 1, 9, 10, 13, 32, 0x7f, 0x80, 0xfe, 0xff];

export class Mutator {
  readonly #words: Buffer[];

  constructor(
    readonly random: Random,
    words: readonly string[],
    readonly longest: number,
  ) {
    this.#words = words.map((word) => Buffer.from(word));
  }

  /** A few changes to a copy of `input`; `others` lend their bytes. */
  mutate(input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
    let bytes: Buffer = Buffer.from(input);
    for (let changes = 1 << this.random.below(4); changes > 0; changes--) bytes = this.#change(bytes, others);
    return bytes.subarray(0, this.longest);
  }

  #change(bytes: Buffer, others: readonly Uint8Array[]): Buffer {
    const { random } = this;
    const at = random.below(bytes.length + 1);
    const length = 1 + random.below(1 << (1 + random.below(6)));
    switch (random.below(9)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        return bytes;
      case 1:
        if (at < bytes.length) bytes[at] = random.oneOf(INTERESTING) ?? 0;
        return bytes;
      case 2:
        return splice(bytes, at, at + length, Buffer.alloc(0));
      case 3:
        return splice(bytes, at, at, Buffer.alloc(length, random.below(256)));
      case 4:
        return splice(bytes, at, at, bytes.subarray(at, at + length));
      case 5:
        return splice(bytes, at, at, Buffer.from(random.oneOf(others) ?? []).subarray(0, 512));
      case 6: {
        const other = random.oneOf(others) ?? bytes;
        const from = random.below(other.length + 1);
        return splice(bytes, at, at + random.below(2) * length, other.subarray(from, from + length));
      }
      default:
        return splice(bytes, at, at + random.below(2) * random.below(4), random.oneOf(this.#words) ?? bytes);
    }
  }
}

const splice = (bytes: Buffer, from: number, to: number, piece: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
