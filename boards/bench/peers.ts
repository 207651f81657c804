// Who else has the primitives: which program to run for a row, and what to call in it.
//
// A peer gives candidates for a row, `{ variant, constantTime, wasm, measure }`; a `measure` takes what that of a row takes.
// Those in C stand behind Deputy's own exports, so the row's own plan measures them; those of npm have calls of their own.
import { readFileSync, writeFileSync } from 'node:fs';
import { tune } from '../parts/tune.js';
import { bearsslProgram, mbedtlsProgram, missingClang } from './compiled.js';
import { describeProgram } from './measure.js';
import { packagedPeers } from './packaged_peers.js';
import type { Absent, Peer, Variant, WasmPeer } from './peer.js';
import type { Answer, Plan } from './plan.js';
import type { Kind, Row } from './row.js';

// Choices for `use` in peers/bearssl.c, by its order: what, which.
type Use = readonly [what: number, which: number];
type Choices = Readonly<Partial<Record<Kind, readonly Choice[]>>>;

const AES = { tables: [0, 0], small: [0, 1], ct: [0, 2], ct64: [0, 3] } as const;
const GHASH_CTMUL64: Use = [1, 2];

interface Choice {
  readonly variant: string;
  readonly constantTime: boolean;
  readonly uses: readonly Use[];
}

const choice = (variant: string, constantTime: boolean, ...uses: Use[]): Choice => ({
  variant,
  constantTime,
  uses,
});

// Per kind of row: the fastest implementations on wasm3 (BearSSL has up to four), with tables and without.
const bearsslChoices: Choices = {
  hash: [choice('', true)],
  hmac: [choice('', true)],
  prf: [choice('', true)],
  chacha: [choice('ctmul', true, [2, 0])],
  gcm: [
    choice('tables, ctmul64', false, AES.tables, GHASH_CTMUL64),
    choice('ct64, ctmul64', true, AES.ct64, GHASH_CTMUL64),
  ],
  cbc: [choice('tables', false, AES.tables), choice('ct', true, AES.ct), choice('ct64', true, AES.ct64)],
  des: [choice('tables', false, [3, 0])],
  x25519: [choice('m31', true, [5, 1])],
  p256: [choice('m31', true, [4, 1])],
  rsa: [choice('i31', true, [6, 1])],
};

// What native code is fastest may differ from board to board: all of the small-multiplier and large ones.
const nativeChoices: Choices = {
  ...bearsslChoices,
  gcm: [
    choice('tables, ctmul', false, AES.tables, [1, 0]),
    choice('tables, ctmul32', false, AES.tables, [1, 1]),
    choice('ct, ctmul', true, AES.ct, [1, 0]),
    choice('ct, ctmul32', true, AES.ct, [1, 1]),
  ],
  chacha: [choice('ctmul', true, [2, 0]), choice('ctmul32', true, [2, 1])],
  x25519: [choice('m15', true, [5, 0]), choice('m31', true, [5, 1])],
  p256: [choice('m15', true, [4, 0]), choice('m31', true, [4, 1])],
  rsa: [choice('i15', true, [6, 0]), choice('i31', true, [6, 1])],
};

const withUses = (row: Row, { variant, constantTime, uses }: Choice): Variant => ({
  variant,
  constantTime,
  measure(plan: Plan, size: number, answer: Answer<number>) {
    for (const [what, which] of uses) plan.call('use', what, which);
    row.measure(plan, size, answer);
  },
});

/** BearSSL compiled for the board itself. */
export const nativePeer: Peer = {
  name: 'BearSSL, native',
  candidates: (row) => (nativeChoices[row.kind] ?? []).map((one) => withUses(row, one)),
};

// mbedTLS 2.28 has one implementation of each: AES, GHASH and DES by tables, curves with blinding.
const TABLES: ReadonlySet<Kind> = new Set<Kind>(['gcm', 'cbc', 'des']);

// The same peer, each of its programs rewritten once.
function tunedPeer(peer: WasmPeer): WasmPeer {
  const files = new Map<string, string>();
  const tunedFile = (wasm: string) => {
    const file = files.get(wasm) ?? wasm.replace(/\.wasm$/, '-tuned.wasm');
    if (!files.has(wasm)) writeFileSync(file, tune(readFileSync(wasm)));
    files.set(wasm, file);
    return file;
  };
  const candidates = (row: Row) => peer.candidates(row).map((one) => ({ ...one, wasm: tunedFile(one.wasm) }));
  return { ...peer, candidates };
}

/**
 * All that can be had here: `{ peers, absent }`, the latter `{ name, reason }`. With `tuned` their programs go through the
 * pass that fits Deputy's to wasm3 (parts/tune.ts), though nobody distributes them so.
 */
export function findPeers({ tuned = false } = {}): { peers: Peer[]; absent: Absent[] } {
  const absent: Absent[] = [];
  const peers: Peer[] = [];
  const add = (name: string, make: () => WasmPeer) => {
    try {
      peers.push(tuned ? tunedPeer(make()) : make());
    } catch (error) {
      absent.push({ name, reason: (error as Error).message });
    }
  };
  const clang = missingClang();
  if (clang) {
    for (const name of ['BearSSL', 'mbedTLS']) absent.push({ name, reason: clang });
  } else {
    add('BearSSL', () =>
      exporting('BearSSL', bearsslProgram(), (row) =>
        (bearsslChoices[row.kind] ?? []).map((one) => withUses(row, one)),
      ),
    );
    add('mbedTLS', () =>
      exporting('mbedTLS', mbedtlsProgram(), (row) => [
        {
          variant: TABLES.has(row.kind) ? 'tables' : '',
          constantTime: !TABLES.has(row.kind),
          measure: row.measure,
        },
      ]),
    );
  }
  for (const [name, make] of packagedPeers) add(name, make);
  return { peers, absent };
}

// A peer behind our own exports: it has a candidate where it has them all.
function exporting(name: string, wasm: string, candidates: (row: Row) => readonly Variant[]): WasmPeer {
  const { exports } = describeProgram(wasm);
  return {
    name,
    candidates: (row) =>
      row.exports.every((one) => exports.has(one)) ? candidates(row).map((one) => ({ ...one, wasm })) : [],
  };
}
