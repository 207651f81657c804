// Certificates and keys of the proxy, judged before TLS takes them: an error names its option and its file.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { DeputyError } from '../../delegation/error.js';
import { textFile } from '../arguments.js';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

const wrong = (message: string): never => {
  throw new DeputyError('BAD_OPTIONS', message);
};

/** Those of a PEM file, at least one. Throws FILE_UNREADABLE, BAD_OPTIONS. */
export function certificatesOf(file: string, option: string): X509Certificate[] {
  const blocks = textFile(file, option).match(BLOCK) ?? wrong(`${option} ${file} holds no certificate (PEM)`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      return wrong(`${option} ${file}: certificate ${index + 1} can't be read`);
    }
  });
}

/** The key is that of the first certificate. Throws FILE_UNREADABLE, BAD_OPTIONS. */
export function checkKey(cert: string, key: string): void {
  const [leaf] = certificatesOf(cert, '--cert');
  if (!leaf?.checkPrivateKey(keyOf(key)))
    wrong(`--key ${key} is not the key of the first certificate of --cert ${cert}`);
}

function keyOf(key: string): KeyObject {
  const text = textFile(key, '--key');
  try {
    return createPrivateKey(text);
  } catch {
    return wrong(`--key ${key} holds no private key that can be read (PEM, not encrypted)`);
  }
}

/** All of them are valid at `now`. Throws BAD_OPTIONS. */
export function checkTimes(certificates: readonly X509Certificate[], what: string, now: Date): void {
  for (const { validFrom, validTo, subject } of certificates) {
    const name = subject.replaceAll('\n', ', ');
    if (new Date(validTo) < now) wrong(`${what}: ${name} expired on ${validTo}`);
    if (new Date(validFrom) > now) wrong(`${what}: ${name} is valid from ${validFrom} on`);
  }
}
