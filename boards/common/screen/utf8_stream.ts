// UTF-8 that comes in pieces, which may end in the middle of a character.

export class Utf8Stream {
  #held = new Uint8Array(0);

  /** `decode` gives the text of whole characters. */
  constructor(readonly decode: (bytes: Uint8Array) => string) {}

  write(bytes: Uint8Array): string {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    const whole = all.length - begun(all);
    this.#held = all.slice(whole);
    return whole === 0 ? '' : this.decode(all.subarray(0, whole));
  }

  end(): string {
    const rest = this.#held;
    this.#held = new Uint8Array(0);
    return rest.length === 0 ? '' : this.decode(rest);
  }
}

/** How many bytes at the end belong to a character that is not complete (RFC 3629 §3). */
function begun(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}
