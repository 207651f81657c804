import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resumptionOf, sessionBlockOf } from '../../../../host/client/tls/session_block.js';
import { resumptions } from '../../delegation/arbitrary.js';

const NOW = 1_700_000_000_000;

test('a resumption makes a session block, from which it can be made again', () => {
  fc.assert(
    fc.property(resumptions, fc.domain(), (given, host) => {
      const age = given.age % 10_000_000;
      const resumption = { ...given, age };
      const block = sessionBlockOf(resumption, host, NOW);
      const again = resumptionOf(block, { uses: given.uses, alpn: given.alpn, now: NOW });
      // The block counts seconds.
      expect(again).toEqual({ ...resumption, serverName: host, age: Math.ceil(age / 1000) * 1000 });
    }),
  );
});

test('what the legacy switch made, and old sessions without extended master secret, stay here', () => {
  const block = sessionBlockOf(
    {
      protocolVersion: 0x0303,
      cipherSuite: 0xc02f,
      extendedMasterSecret: true,
      uses: 1,
      serverName: '',
      alpn: '',
      certificateHash: new Uint8Array(32),
      lifetime: 60,
      ageAdd: 0,
      age: 0,
      sessionId: new Uint8Array(32),
      ticket: new Uint8Array(0),
      secret: new Uint8Array(48),
    },
    '127.0.0.1',
    NOW,
  );
  const terms = { uses: 1, alpn: '', now: NOW };
  // An address is no server name (RFC 6066 §3).
  expect(resumptionOf(block, terms)).toMatchObject({ serverName: '' });
  for (const [offset, value] of [
    [0, 1],
    [1, 0],
    [1, 3],
    [3, 2],
  ] as const) {
    const changed = block.slice();
    changed[offset] = value;
    expect(resumptionOf(changed, terms), `byte ${offset}`).toBeUndefined();
  }
});
