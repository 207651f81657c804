// Cuts one direction of a TLS link into records and explains them as far as they are in the clear.

import { joined } from '../../delegation/secret_bytes.js';
import { alertName, contentTypeName, versionName } from '../../tls/names.js';
import { explainHandshake } from './handshake.js';
import { Explainer, type Line } from './line.js';

const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const HEADER = 5;
/** What a trace keeps of a broken stream. */
const KEPT = 1 << 17;

/** A record as a trace sees it. */
export interface TracedRecord {
  /** Whether its content is sealed, so that the trace has nothing to show. */
  sealed: boolean;
  length: number;
  lines: Line[];
}

export class RecordTracer {
  #bytes = new Uint8Array(0);
  #handshake = new Uint8Array(0);
  /** TLS 1.2: after ChangeCipherSpec everything is sealed. TLS 1.3 shows it by the outer type. */
  #sealed = false;

  /** Records completed by `bytes`. */
  push(bytes: Uint8Array): TracedRecord[] {
    this.#bytes = joined([this.#bytes, bytes]);
    const records: TracedRecord[] = [];
    while (this.#bytes.length >= HEADER) {
      const length = HEADER + ((this.#bytes[3]! << 8) | this.#bytes[4]!);
      if (this.#bytes.length < length) break;
      records.push(this.#record(this.#bytes.slice(0, length)));
      this.#bytes = this.#bytes.slice(length);
    }
    if (this.#bytes.length > KEPT) this.#bytes = new Uint8Array(0);
    return records;
  }

  #record(record: Uint8Array): TracedRecord {
    const type = record[0]!;
    const sealed = this.#sealed || type === APPLICATION_DATA;
    const e = new Explainer(record, 0);
    const lines = e.run(() => {
      e.number(1, (value) => `record of type ${contentTypeName(value)}`);
      e.number(2, (version) => `legacy record version ${versionName(version)}`);
      e.number(2, (length) => `${length} bytes follow`);
      if (sealed) e.field(e.left, 'sealed: only the two ends of this link can read it');
      else if (type === 20) e.field(e.left, 'change cipher spec');
      else if (type === 21) {
        e.number(1, (level) => (level === 1 ? 'warning' : 'fatal'));
        e.number(1, (alert) => `alert ${alertName(alert)}`);
      } else if (type === HANDSHAKE) {
        // Its messages are explained below: they may straddle records.
        e.skip();
      }
    });
    if (type === HANDSHAKE && !sealed) lines.push(...this.#messages(record.subarray(HEADER)));
    // TLS 1.3's ChangeCipherSpec changes nothing, and type 23 follows it; for TLS 1.2 all that follows is sealed.
    if (type === 20) this.#sealed = true;
    return { sealed, length: record.length, lines };
  }

  #messages(content: Uint8Array): Line[] {
    const lines: Line[] = [];
    this.#handshake = joined([this.#handshake, content]);
    while (this.#handshake.length >= 4) {
      const [, high, middle, low] = this.#handshake as unknown as [number, number, number, number];
      const length = 4 + ((high << 16) | (middle << 8) | low);
      if (this.#handshake.length < length) break;
      lines.push(...explainHandshake(this.#handshake.slice(0, length), 1));
      this.#handshake = this.#handshake.slice(length);
    }
    if (this.#handshake.length > KEPT) this.#handshake = new Uint8Array(0);
    return lines;
  }
}
