import type { Candidate } from './measure.mjs';
import type { Row } from './rows.mjs';

export interface PackagedCandidate extends Candidate {
  readonly wasm: string;
  readonly variant: string;
  readonly constantTime: boolean;
}

export interface Peer {
  readonly name: string;
  candidates(row: Row): PackagedCandidate[];
}

/** Name, and what makes the peer; throws where its package is absent or changed. */
export const packagedPeers: readonly (readonly [string, () => Peer])[];
