// Who vouches for a site, and until when: asked for when a person wants to see it.
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { type DetailedPeerCertificate, connect as tlsConnect } from 'node:tls';
import type { SiteEntry } from './ledger.js';

const TIMEOUT = 10_000;
/** Certificates of one chain that are shown. */
const DEPTH = 5;

/**
 * Lines about the certificate of `site`. The site is asked over `socket`; its certificate is shown where it is the one
 * that the device program verified, which its hash tells.
 */
export async function describeCertificate(site: SiteEntry, socket: Socket): Promise<string[]> {
  const fingerprint = `SHA-256 ${site.certificate.replace(/(.{4})(?=.)/g, '$1 ')}`;
  const chain = await chainOf(site.host, socket).catch(() => undefined);
  const [leaf] = chain ?? [];
  if (chain === undefined || leaf === undefined)
    return ['The site did not show its certificate again just now.', fingerprint];
  if (leaf.fingerprint256.replaceAll(':', '').toLowerCase() !== site.certificate)
    return [
      'The site has several certificates; another one than the verified one came just now.',
      fingerprint,
    ];
  return [
    `For: ${leaf.subjectaltname?.replaceAll('DNS:', '') ?? nameOf(leaf.subject)}`,
    `Vouched for by: ${chain.map(({ issuer }) => nameOf(issuer)).join(', which is vouched for by ')}`,
    `Valid until ${leaf.valid_to}`,
    fingerprint,
  ];
}

const nameOf = ({ CN, O }: { CN?: string | string[]; O?: string | string[] }): string =>
  [CN ?? O ?? 'unnamed'].flat().join(' ');

function chainOf(host: string, socket: Socket): Promise<DetailedPeerCertificate[]> {
  return new Promise((resolve, reject) => {
    // Nothing is believed of this connection but a certificate whose hash is known.
    const tls = tlsConnect({
      socket,
      ...(isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => tls.destroy(new Error('no answer in time')), TIMEOUT);
    tls.once('error', reject).once('close', () => {
      clearTimeout(timer);
      reject(new Error('closed'));
    });
    tls.once('secureConnect', () => {
      const chain: DetailedPeerCertificate[] = [];
      let next: DetailedPeerCertificate | undefined = tls.getPeerCertificate(true);
      while (next?.subject !== undefined && !chain.includes(next) && chain.length < DEPTH) {
        chain.push(next);
        next = next.issuerCertificate;
      }
      resolve(chain);
      tls.destroy();
    });
  });
}
