// The host's table of cipher suites and the device program's say the same, of every number there is.
import { describe, expect, test } from 'vitest';
import { suiteName } from '../../../host/tls/names.js';
import { CIPHER_SUITES, type CipherSuite } from '../../../host/tls/suites.js';
import { programs } from '../../assembly/programs.js';

const HASHES = { md5: 1, sha1: 2, sha256: 4, sha384: 5 } as const;
const KEY_EXCHANGES = { ECDHE_RSA: 1, ECDHE_ECDSA: 2, RSA: 3, DHE_RSA: 4, DHE_DSS: 5 } as const;
const CIPHERS = {
  AES_128_GCM: [1, 16],
  AES_256_GCM: [1, 32],
  CHACHA20_POLY1305: [2, 32],
  AES_128_CCM: [3, 16],
  AES_256_CCM: [3, 32],
  AES_128_CCM_8: [4, 16],
  AES_256_CCM_8: [4, 32],
  AES_128_CBC: [5, 16],
  AES_256_CBC: [5, 32],
  '3DES_EDE_CBC': [6, 24],
  DES_CBC: [7, 8],
  RC4_128: [8, 16],
} as const;

const factsOf = ({ keyExchange, cipher, hash, mac }: CipherSuite) => ({
  keyExchange: keyExchange === undefined ? 0 : KEY_EXCHANGES[keyExchange],
  scheme: CIPHERS[cipher][0],
  keyLength: CIPHERS[cipher][1],
  hash: HASHES[hash],
  mac: mac === undefined ? 0 : HASHES[mac],
});

describe.each(await programs('primitives'))('cipher suites beside %s', (_, bench) => {
  const ask = (name: string, id: number) => bench.exports[name]!(id);

  test('the host has just those that the device program knows', () => {
    const known = Array.from({ length: 0x10000 }, (_, id) => id).filter((id) => ask('suiteKnown', id) === 1);
    expect([...CIPHER_SUITES.keys()].sort((a, b) => a - b)).toEqual(known);
  });

  test.each([...CIPHER_SUITES.values()])('$name means the same on both sides', (suite) => {
    expect(factsOf(suite)).toEqual({
      keyExchange: ask('suiteKeyExchange', suite.id),
      scheme: ask('suiteScheme', suite.id),
      keyLength: ask('suiteKeyLength', suite.id),
      hash: ask('suiteHash', suite.id),
      mac: ask('suiteMacHash', suite.id),
    });
  });

  test('a number without a name is written in hexadecimal', () => {
    expect([0x1301, 0x00ff, 0x0a0a].map(suiteName)).toEqual([
      'TLS_AES_128_GCM_SHA256',
      'TLS_EMPTY_RENEGOTIATION_INFO_SCSV',
      '0x0a0a',
    ]);
  });
});
