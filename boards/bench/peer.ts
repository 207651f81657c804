// Who takes part beside Deputy, and with what.
import type { Candidate } from './measure.js';
import type { Row } from './row.js';

/** One implementation of a row's primitive. */
export interface Variant extends Candidate {
  readonly variant: string;
  readonly constantTime: boolean;
}

export interface Peer {
  readonly name: string;
  candidates(row: Row): readonly Variant[];
}

export interface WasmPeer extends Peer {
  candidates(row: Row): readonly (Variant & { readonly wasm: string })[];
}

export interface Absent {
  readonly name: string;
  readonly reason: string;
}
