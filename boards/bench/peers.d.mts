import type { Candidate } from './measure.mjs';
import type { Row } from './rows.mjs';

export interface AnyPeer {
  readonly name: string;
  candidates(row: Row): (Candidate & { readonly variant: string; readonly constantTime: boolean })[];
}

export const nativePeer: AnyPeer;
export function findPeers(options?: { tuned?: boolean }): {
  peers: AnyPeer[];
  absent: { name: string; reason: string }[];
};
