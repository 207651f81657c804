// Certificate verification as one call with byte strings, and its verdict as an ErrorCode's name.
import { ErrorCode } from '../../../assembly/alert.js';
import * as der from '../../../host/platform/node/der.js';
import type { Bench } from '../programs.js';

export const codeName = (code: number): string => (code >= 0 ? 'None' : (ErrorCode[code] ?? String(code)));

/** As assembly/x509/chain.ts has them. */
export const ChainRule = { Legacy: 1, Encipher: 2, ExpiredRoots: 4, LeastTime: 8 } as const;

export const now = () => Math.floor(Date.now() / 1000);

export interface Question {
  roots: Uint8Array[];
  chain: Uint8Array[];
  host?: string;
  time?: number;
  /** Bits of ChainRule. */
  rules?: number;
}

export interface PublicKey {
  kind: number;
  curve: number;
  a: Uint8Array;
  b: Uint8Array;
}

/** What trustAdd says of a root that it keeps, though no path holds by it. */
const kept = new Set(['CertificateKey', 'CertificateWeakKey', 'CertificateCriticalExtension']);

/** Verifies with fresh trust and gives all memory back. */
export function verify(bench: Bench, question: Question): string {
  return verifyForKey(bench, question).verdict;
}

export function verifyForKey(bench: Bench, question: Question): { verdict: string; key?: PublicKey } {
  const { exports } = bench;
  const trust = exports.trustNew!();
  try {
    for (const root of question.roots) {
      const added = exports.trustAdd!(trust, bench.put(root), root.length);
      if (added < 0 && !kept.has(codeName(added))) return { verdict: `trustAdd: ${codeName(added)}` };
    }
    const list = certificateList(question.chain);
    const host = Buffer.from(question.host ?? 'www.example.org', 'latin1');
    const keyAt = bench.room(64);
    const code = exports.verifyChain!(
      trust,
      bench.put(list),
      list.length,
      bench.put(host),
      host.length,
      question.time ?? now(),
      keyAt,
      question.rules ?? 0,
    );
    return code < 0 ? { verdict: codeName(code) } : { verdict: 'None', key: readKey(bench, keyAt) };
  } finally {
    exports.trustFree!(trust);
    bench.free();
  }
}

/** Certificates as verifyChain wants them: each behind its length in three bytes. */
export function certificateList(chain: Uint8Array[]): Uint8Array {
  return der.concat(
    ...chain.flatMap((one) => [
      Uint8Array.of(one.length >> 16, (one.length >> 8) & 255, one.length & 255),
      one,
    ]),
  );
}

function readKey(bench: Bench, at: number): PublicKey {
  const bytes = bench.get(at, 28);
  const [kind, curve, a, aLength, b, bLength] = new Uint32Array(bytes.buffer, 0, 6) as unknown as number[];
  return { kind: kind!, curve: curve!, a: bench.get(a!, aLength!), b: bench.get(b!, bLength!) };
}
