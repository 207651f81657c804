import type { Answer, Plan } from './plan.mjs';

export interface Row {
  readonly primitive: string;
  /** What a peer must have to take part: hash, hmac, gcm, chacha, cbc, des, prf, hkdf, x25519, p256, rsa. */
  readonly kind: string;
  /** Bytes of a message; none where there is no message. */
  readonly sizes?: readonly number[];
  readonly constantTime?: boolean;
  /** What the wasm program must export. */
  readonly exports: readonly string[];
  measure(plan: Plan, size: number | undefined, answer: Answer<number>): void;
}

export const rows: readonly Row[];
