// A row of the benchmark: one primitive, and how it is measured.
import type { Answer, Plan, Value } from './plan.js';

export interface Row {
  readonly primitive: string;
  /** What a peer must have to take part. */
  readonly kind: Kind;
  /** Bytes of a message; none where there is no message. */
  readonly sizes?: readonly number[];
  readonly constantTime?: boolean;
  /** What the wasm program must export. */
  readonly exports: readonly string[];
  /** `size` is one of `sizes`; where there are none it says nothing. */
  measure(plan: Plan, size: number, answer: Answer<number>): void;
}

export type Kind =
  | 'hash'
  | 'hmac'
  | 'gcm'
  | 'chacha'
  | 'cbc'
  | 'des'
  | 'prf'
  | 'hkdf'
  | 'x25519'
  | 'p256'
  | 'rsa';

/** An export and what it is called with. */
export type Call = [name: string, ...values: Value[]];
