// Pieces as their writer made them, whatever frames credit and room cut them into: what the client writes at once goes on from the
// proxy as one record, as it would from the client itself.
import { STREAM_BODY_LIMIT } from '../frame.js';
import { joined } from '../secret_bytes.js';

const NOTHING: Uint8Array = new Uint8Array(0);

export class Pieces {
  /** The beginning of a piece that goes on; shorter than the longest. */
  #begun: Uint8Array = NOTHING;

  /** Takes the bytes of a frame. Gives what is whole now: pieces that end, and of a longer one each 4 KiB. */
  push(bytes: Uint8Array, goesOn: boolean): Uint8Array[] {
    if (this.#begun.length === 0 && !goesOn) return [bytes];
    const all = this.#begun.length === 0 ? bytes : joined([this.#begun, bytes]);
    const whole: Uint8Array[] = [];
    let at = 0;
    for (; all.length - at >= STREAM_BODY_LIMIT; at += STREAM_BODY_LIMIT) {
      whole.push(all.subarray(at, at + STREAM_BODY_LIMIT));
    }
    const rest = all.subarray(at);
    this.#begun = goesOn ? rest : NOTHING;
    return goesOn || rest.length === 0 ? whole : [...whole, rest];
  }

  /** What came of a piece that does not end. */
  rest(): Uint8Array[] {
    const begun = this.#begun;
    this.#begun = NOTHING;
    return begun.length === 0 ? [] : [begun];
  }
}
