import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { programs } from '../programs.js';

const HASH: Record<string, number> = { MD5: 1, SHA: 2, SHA256: 4, SHA384: 5 };
const SCHEME: [RegExp, number][] = [
  [/_GCM_/, 1],
  [/CHACHA20/, 2],
  [/_CCM_8/, 4],
  [/_CCM/, 3],
  [/3DES_EDE_CBC/, 6],
  [/_DES_CBC/, 7],
  [/_CBC_/, 5],
  [/RC4/, 8],
];
const KEY_EXCHANGE: Record<string, number> = { ECDHE_RSA: 1, ECDHE_ECDSA: 2, RSA: 3, DHE_RSA: 4, DHE_DSS: 5 };

/** What a suite's registered name says of it. */
function read(name: string) {
  const tls13 = !name.includes('_WITH_');
  const exchange = /^TLS_(.*)_WITH_/.exec(name)?.[1];
  const scheme = SCHEME.find(([pattern]) => pattern.test(name))![1];
  const mac = scheme >= 5 ? HASH[/_(MD5|SHA|SHA256|SHA384)$/.exec(name)![1]!]! : 0;
  const hash = name.endsWith('SHA384') ? 5 : 4;
  const bits = Number(/AES_(128|256)/.exec(name)?.[1] ?? /RC4_(128)/.exec(name)?.[1] ?? 0);
  const keyLength = bits / 8 || (scheme === 2 ? 32 : scheme === 6 ? 24 : 8);
  const exchangeNumber = tls13 ? 0 : KEY_EXCHANGE[exchange!];
  return { scheme, mac, hash, keyLength, exchange: exchangeNumber, tls13: Number(tls13) };
}

const listed = spawnSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], {
  encoding: 'utf8',
});
const registered = [...(listed.stdout ?? '').matchAll(/0x(..),0x(..) - (TLS_\S+)/g)].map(
  ([, high, low, name]) => [name!, Number.parseInt(`${high}${low}`, 16)] as const,
);

describe.each(await programs('primitives'))('table of suites on %s', (_, bench) => {
  const ask = (name: string, id: number) => bench.exports[name]!(id);

  test.skipIf(registered.length === 0)(
    'agrees with the names that OpenSSL lists (skipped where openssl is missing)',
    () => {
      let compared = 0;
      for (const [name, id] of registered) {
        if (ask('suiteKnown', id) === 0) continue;
        expect(
          {
            scheme: ask('suiteScheme', id),
            mac: ask('suiteMacHash', id),
            hash: ask('suiteHash', id),
            keyLength: ask('suiteKeyLength', id),
            exchange: ask('suiteKeyExchange', id),
            tls13: ask('suiteIsTls13', id),
          },
          name,
        ).toEqual(read(name));
        compared++;
      }
      // RC4, DES and single-key oddities are gone from OpenSSL 3; the others it has.
      expect(compared).toBeGreaterThanOrEqual(45);
    },
  );

  test('knows nothing of what it lacks', () => {
    for (const id of [0, 1, 0x00ff, 0x5600, 0x1300, 0x1306, 0xc02a, 0xffff]) {
      expect(ask('suiteKnown', id)).toBe(0);
      expect(ask('suiteIsTls13', id)).toBe(0);
    }
  });

  test('gives the lengths of IVs', () => {
    expect(
      [0x1301, 0xc02f, 0xcca8, 0xc013, 0x000a, 0x0005].map((id) => ask('suiteFixedIvLength', id)),
    ).toEqual([12, 4, 12, 0, 0, 0]);
    expect([0xc013, 0x000a, 0x0009, 0x0005].map((id) => ask('suiteBlockIvLength', id))).toEqual([
      16, 8, 8, 0,
    ]);
  });

  test('marks what only the legacy switch turns on', () => {
    expect([0x1301, 0xc02f, 0xc013, 0xc0af].map((id) => ask('suiteLegacy', id))).toEqual([0, 0, 0, 0]);
    expect([0x009c, 0x009e, 0x000a, 0xc012, 0x0005, 0x0009].map((id) => ask('suiteLegacy', id))).toEqual([
      1, 1, 1, 1, 1, 1,
    ]);
  });
});
