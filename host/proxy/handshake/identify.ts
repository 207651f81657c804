// With whom a session is, as the proxy finds out itself from the handshake that it relayed.
import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { OriginAuthorities } from './authorities.js';
import type { HandshakeFacts } from './facts.js';
import type { IssuedTickets, VerifiedIdentity } from './issued_tickets.js';
import { signatureHolds } from './signature.js';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** What the proxy goes by when it looks with whom a session is. */
export interface Trust {
  authorities: OriginAuthorities;
  issued: IssuedTickets;
}

export type Identified = { identity: VerifiedIdentity } | { unverified: string };

/** DNS names compare without case and without the final dot. */
export const canonicalHost = (host: string): string => host.toLowerCase().replace(/\.$/, '');

/** What a hello says of `host`: an address is verified by a certificate for it, and is not sent as a name (RFC 6066 §3). */
export const sentName = (host: string): string => (isIP(host) === 0 ? host : '');

/** The origin at `target`, the name that CONNECT asked for, or why that is not proved. */
export async function identify(
  facts: HandshakeFacts,
  target: Target,
  { authorities, issued }: Trust,
): Promise<Identified> {
  const host = canonicalHost(target.host);
  if (facts.serverName.toLowerCase() !== sentName(host)) {
    return { unverified: `the hello names ${facts.serverName || 'no server'}, CONNECT asked for ${host}` };
  }
  if (facts.resumedWith !== undefined) {
    const identity = issued.find(facts.resumedWith, host, target.port);
    return identity === undefined
      ? { unverified: 'it resumes a session that this proxy did not see, or could not verify' }
      : { identity };
  }
  const [leaf] = facts.certificates;
  if (leaf === undefined || facts.proof === undefined) {
    return { unverified: 'the handshake proves no certificate' };
  }
  if (!proves(facts, leaf)) return { unverified: "the server's signature does not hold" };
  const verdict = await authorities.judge(facts.certificates, host);
  if ('refusal' in verdict) return { unverified: verdict.refusal };
  return {
    identity: {
      host,
      port: target.port,
      judgedBy: verdict.judgedBy,
      certificate: sha256(leaf),
      clientCertificate: facts.clientCertificate === undefined ? '' : sha256(facts.clientCertificate),
    },
  };
}

function proves({ version, proof }: HandshakeFacts, leaf: Buffer): boolean {
  if (proof === undefined) return false;
  try {
    const { publicKey } = new X509Certificate(leaf);
    return signatureHolds(version, proof.scheme, publicKey, proof.content, proof.signature);
  } catch {
    // No certificate that OpenSSL can read, or no key of it.
    return false;
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
