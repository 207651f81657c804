// The grants: which secret of a session gives the proxy which power.

import { Version } from '../tls/numbers.js';
/** On the wire one byte. The wasm program takes the same numbers. */
export enum Grant {
  /** Read past records, never write. */
  Observe = 1,
  /** TLS 1.3: this epoch's keys; the client's next KeyUpdate locks the proxy out. */
  Epoch = 2,
  /** Read and write on this connection. */
  Session = 3,
  /** Also open further connections by resumption. */
  Resume = 4,
  /** All that the master secret allows. */
  Full = 5,
}

export type GrantName = 'observe' | 'epoch' | 'session' | 'resume' | 'full';

const NAMES: Readonly<Record<Grant, GrantName>> = {
  [Grant.Observe]: 'observe',
  [Grant.Epoch]: 'epoch',
  [Grant.Session]: 'session',
  [Grant.Resume]: 'resume',
  [Grant.Full]: 'full',
};

export const GRANT_NAMES = Object.values(NAMES);

export const grantName = (grant: Grant): GrantName => NAMES[grant];

export function parseGrant(name: string): Grant | undefined {
  const index = GRANT_NAMES.indexOf(name as GrantName);
  return index < 0 ? undefined : ((index + 1) as Grant);
}

export const isGrant = (value: number): value is Grant => value in NAMES;

/** What a grant hands over and allows, at one version of TLS. */
export interface GrantPower {
  /** What lies in the `secrets` field of DELIVER, for people. */
  delivers: string;
  reads: boolean;
  writes: boolean;
  /** May open further connections to the origin. */
  resumes: boolean;
}

/** The table of powers; undefined where a grant does not exist for that version. */
export function grantPower(grant: Grant, protocolVersion: number): GrantPower | undefined {
  const tls13 = protocolVersion >= Version.Tls13;
  switch (grant) {
    case Grant.Observe:
      return {
        delivers: tls13 ? 'keys of an epoch that the client has left' : 'encryption keys without MAC keys',
        reads: true,
        writes: false,
        resumes: false,
      };
    case Grant.Epoch:
      if (!tls13) return undefined;
      return {
        delivers: 'key and IV of this epoch, both directions',
        reads: true,
        writes: true,
        resumes: false,
      };
    case Grant.Session:
      return {
        delivers: tls13 ? 'client and server application traffic secrets' : 'the key block',
        reads: true,
        writes: true,
        resumes: false,
      };
    case Grant.Resume:
      return {
        delivers: tls13 ? 'both traffic secrets and a PSK of one ticket' : 'the master secret, 48 bytes',
        reads: true,
        writes: true,
        resumes: true,
      };
    case Grant.Full:
      return {
        delivers: tls13 ? 'client and server application traffic secrets' : 'the master secret, 48 bytes',
        reads: true,
        writes: true,
        // TLS 1.3's resumption-master secret never leaves the client.
        resumes: !tls13,
      };
  }
}
