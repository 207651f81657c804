// One direction of the wasm program's record protection, under a twin's keys.
import type { Bench } from '../programs.js';
import type { Twin } from './twin_protection.js';

export const ERROR = {
  BadArgument: -20484,
  TooLong: -20485,
  SequenceExhausted: -20492,
  UnexpectedMessage: -2560,
  UnexpectedRecord: -2561,
  BadRecordMac: -5120,
  RecordOverflow: -5632,
  DecodeError: -12800,
  ProtocolVersion: -17920,
};

/** PROTECTION_CONTEXT of the program. */
export const CONTEXT = 1648;
const HEADROOM = 48;

export class Direction {
  readonly context: number;

  constructor(
    readonly bench: Bench,
    twin: Twin,
    seal: 0 | 1,
  ) {
    this.context = bench.exports.allocate!(CONTEXT);
    const { suite, version, key, iv, macKey } = twin;
    const done = bench.exports.protectionInit!(
      this.context,
      suite.id,
      version,
      ...[key, iv, macKey].map((bytes) => bench.put(bytes)),
      seal,
    );
    if (done !== 0) throw new Error(`protectionInit: ${done}`);
    if (twin.encryptThenMac) bench.exports.protectionEncryptThenMac!(this.context);
  }

  seal(type: number, payload: Uint8Array): Buffer | number {
    const out = this.bench.room(payload.length + HEADROOM + 80);
    this.bench.program.memory().set(payload, out + HEADROOM);
    const length = this.bench.exports.sealRecord!(this.context, type, out, payload.length);
    const sealed = length < 0 ? length : Buffer.from(this.bench.get(out, length));
    this.bench.free();
    return sealed;
  }

  open(record: Uint8Array, length = record.length): { type: number; payload: Buffer } | number {
    const at = this.bench.put(record);
    const { openRecord, openedStart, openedType } = this.bench.exports;
    const opened = openRecord!(this.context, at, length);
    const result =
      opened < 0
        ? opened
        : {
            type: openedType!(this.context),
            payload: Buffer.from(this.bench.get(openedStart!(this.context), opened)),
          };
    this.bench.free();
    return result;
  }

  /** Goes to a sequence number, of 64 bits. */
  goTo(sequence: bigint): void {
    this.bench.exports.protectionSequence!(
      this.context,
      Number(BigInt.asIntN(32, sequence)),
      Number(BigInt.asIntN(32, sequence >> 32n)),
    );
  }

  free(): void {
    this.bench.exports.release!(this.context, CONTEXT);
  }
}
