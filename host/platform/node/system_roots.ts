// The certificate authorities that this machine trusts.
import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';

/** Where systems keep them, as one file of PEM. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * PEM text: the file that SSL_CERT_FILE names, else the system's own, else Mozilla's list as it came with Node.js. Throws
 * Node's error where SSL_CERT_FILE can't be read.
 */
export function systemRoots(env: NodeJS.ProcessEnv = process.env): string {
  const file = env.SSL_CERT_FILE || SYSTEM_FILES.find((path) => existsSync(path));
  return file === undefined ? rootCertificates.join('\n') : readFileSync(file, 'latin1');
}
