// The names under which OpenSSL knows the cipher suites of suite.ts.

import { CIPHER_SUITES } from '../../tls/suites.js';
import { suiteOf } from '../record/suite.js';

/** As `ciphers` of node:tls takes it; undefined for a suite that the proxy does not work on. */
export function opensslName(id: number): string | undefined {
  const suite = CIPHER_SUITES.get(id);
  if (suite === undefined || suiteOf(id) === undefined) return undefined;
  if (suite.keyExchange === undefined) return suite.name;
  const keyExchange = suite.keyExchange === 'RSA' ? [] : [suite.keyExchange.replace('_', '-')];
  const cipher = suite.cipher
    .replace(/^AES_/, 'AES')
    .replace(/_CBC$/, '')
    .replace(/_8$/, '8')
    .replaceAll('_', '-');
  // CCM and ChaCha20-Poly1305 have one hash, which OpenSSL does not name.
  const hash = /GCM|CBC/.test(suite.cipher) ? [suite.name.slice(suite.name.lastIndexOf('_') + 1)] : [];
  return [...keyExchange, cipher, ...hash].join('-');
}
