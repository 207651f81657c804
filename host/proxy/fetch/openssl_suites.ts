// The names under which OpenSSL knows the cipher suites of suite.ts.
import { type Suite, suiteOf } from '../record/suite.js';

const KEY_EXCHANGES: readonly (readonly [prefix: string, suites: readonly number[]])[] = [
  ['ECDHE-ECDSA-', [0xc02b, 0xc02c, 0xcca9, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc009, 0xc00a, 0xc023, 0xc024]],
  ['ECDHE-RSA-', [0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0xc027, 0xc028]],
  ['DHE-RSA-', [0x009e, 0x009f, 0xccaa, 0xc09e, 0xc09f, 0xc0a2, 0xc0a3, 0x0033, 0x0039, 0x0067, 0x006b]],
  ['', [0x009c, 0x009d, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0x002f, 0x0035, 0x003c, 0x003d]],
];

/** As `ciphers` of node:tls takes it; undefined for a suite that the proxy does not work on. */
export function opensslName(id: number): string | undefined {
  const suite = suiteOf(id);
  if (suite === undefined) return undefined;
  if (suite.version === 0x0304) return `TLS_${protectionOf(suite, '_')}`;
  const prefix = KEY_EXCHANGES.find(([, suites]) => suites.includes(id))?.[0];
  return prefix === undefined ? undefined : `${prefix}${protectionOf(suite, '-')}`;
}

function protectionOf({ version, scheme, keyLength, tagLength, hash, mac }: Suite, dash: string): string {
  const isTls13 = version === 0x0304;
  const aes = `AES${isTls13 ? '_' : ''}${8 * keyLength}`;
  switch (scheme) {
    case 'gcm':
      return [aes, 'GCM', hash.toUpperCase()].join(dash);
    case 'ccm':
      return [
        aes,
        tagLength === 8 ? `CCM${isTls13 ? '_' : ''}8` : 'CCM',
        ...(isTls13 ? ['SHA256'] : []),
      ].join(dash);
    case 'chacha20-poly1305':
      return ['CHACHA20', 'POLY1305', ...(isTls13 ? ['SHA256'] : [])].join(dash);
    case 'cbc':
      return [aes, mac === 'sha1' ? 'SHA' : mac!.toUpperCase()].join(dash);
  }
}
