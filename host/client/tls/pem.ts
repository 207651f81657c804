// PEM (RFC 7468) without atob: the JavaScript engine of a board has none.
import { DeputyError } from '../../delegation/error.js';
import type { Pem } from '../options.js';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** All certificates in `pem`, as DER. Throws BAD_PEM when there is none. */
export const certificates = (pem: Pem): Uint8Array[] =>
  blocks(pem, /^(TRUSTED |X509 )?CERTIFICATE$/, 'certificate');

/** The first private key in `pem`, as DER, a copy of the caller's to wipe. Throws BAD_PEM when there is none. */
export function privateKey(pem: Pem): Uint8Array {
  if (typeof pem === 'string' && pem.includes('ENCRYPTED')) {
    throw new DeputyError(
      'BAD_PEM',
      'the private key is encrypted: decrypt it first (openssl pkey -in … -out …)',
    );
  }
  return blocks(pem, /^(RSA |EC )?PRIVATE KEY$/, 'private key')[0]!;
}

/** A public key, as SubjectPublicKeyInfo in DER. Throws BAD_PEM when there is none. */
export const publicKey = (pem: Pem): Uint8Array => blocks(pem, /^PUBLIC KEY$/, 'public key')[0]!;

function blocks(pem: Pem, label: RegExp, what: string): Uint8Array[] {
  if (typeof pem !== 'string') {
    const ders = (pem instanceof Uint8Array ? [pem] : [...pem]).map((der) => der.slice());
    if (ders.length === 0) throw new DeputyError('BAD_PEM', `no ${what} was given`);
    return ders;
  }
  const found = [...pem.matchAll(BLOCK)].filter((match) => label.test(match[1]!));
  if (found.length === 0) throw new DeputyError('BAD_PEM', `there is no ${what} in the PEM text`);
  return found.map((match) => base64(match[2]!, what));
}

function base64(text: string, what: string): Uint8Array {
  const digits = text.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(digits) || digits.length % 4 !== 0) {
    throw new DeputyError('BAD_PEM', `the base64 of a ${what} is damaged`);
  }
  const unpadded = digits.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((unpadded.length * 3) / 4));
  let word = 0;
  for (let i = 0, at = 0; i < unpadded.length; i++) {
    word = ((word << 6) | ALPHABET.indexOf(unpadded[i]!)) & 0xffffff;
    if (i % 4 > 0) bytes[at++] = (word >> (6 - 2 * (i % 4))) & 0xff;
  }
  return bytes;
}
