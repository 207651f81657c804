// What held once is known, and nothing else is: each chain is verified again after one of its bytes or rules has changed.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  createAuthority,
  generateKey,
  type Issued,
} from '../../../host/cli/demo/authority/authority.js';
import { programs } from '../programs.js';
import { now, verify } from './verifier.js';

const names = ['www.example.org'];
const year = 365 * 86_400;

describe.each(await programs('primitives'))('certificates that were met before, on %s', (_, bench) => {
  let authority: Authority;
  let issued: Issued;
  beforeAll(async () => {
    authority = await createAuthority();
    issued = await authority.issue({ names });
  });

  const ask = (chain = issued.chainDer, more: Partial<Parameters<typeof verify>[1]> = {}) =>
    verify(bench, { roots: [authority.root.der], chain, ...more });

  test('hold again, and again', () => {
    expect([ask(), ask(), ask()]).toEqual(['None', 'None', 'None']);
  });

  test('do not hold with any other bit of signature, and then do again', () => {
    for (const certificate of [0, 1]) {
      for (const back of [1, 2, 20, 33, 40, 60]) {
        expect(ask()).toBe('None');
        const chain = issued.chainDer.map((der) => der.slice());
        const der = chain[certificate]!;
        der[der.length - back]! ^= 1;
        expect([certificate, back, ask(chain)]).not.toEqual([certificate, back, 'None']);
        expect([certificate, back, ask(chain)]).not.toEqual([certificate, back, 'None']);
      }
    }
    expect(ask()).toBe('None');
  });

  test('do not hold with any other bit of content', () => {
    expect(ask()).toBe('None');
    for (const [certificate, der] of issued.chainDer.entries()) {
      for (let at = 0; at < der.length; at += 7) {
        const chain = issued.chainDer.map((one) => one.slice());
        chain[certificate]![at]! ^= 1;
        expect([certificate, at, ask(chain)]).not.toEqual([certificate, at, 'None']);
      }
    }
  });

  test('are judged by the time, the name and the trust of today', async () => {
    expect(ask()).toBe('None');
    expect(ask(issued.chainDer, { time: now() + year })).toBe('CertificateExpired');
    expect(ask(issued.chainDer, { time: now() - year })).toBe('CertificateNotYetValid');
    expect(ask(issued.chainDer, { host: 'other.example.org' })).toBe('CertificateHostName');
    expect(ask(issued.chainDer, { roots: [] })).toBe('UnknownCa');
    // A root of the same name and another key.
    expect(ask(issued.chainDer, { roots: [(await createAuthority()).root.der] })).toBe('UnknownCa');
    expect(ask()).toBe('None');
  });

  test('vouch for no certificate of the same authority but themselves', async () => {
    const key = await generateKey('ec-p256');
    const [intermediate, stranger] = await Promise.all([
      authority.issue({ names, intermediate: () => ({ publicKey: key }) }),
      authority.issue({ names }),
    ]);
    expect(ask(stranger.chainDer)).toBe('None');
    expect(ask(intermediate.chainDer)).not.toBe('None');
    // The leaf of one below the authority of the other: both have the name that the leaf asks for.
    expect(ask([issued.chainDer[0]!, stranger.chainDer[1]!])).toBe('CertificateSignature');
  });

  test('may be forgotten for others, and hold all the same', async () => {
    expect(ask()).toBe('None');
    const others = await Promise.all(Array.from({ length: 12 }, () => authority.issue({ names })));
    for (const other of others) expect(ask(other.chainDer)).toBe('None');
    expect(ask()).toBe('None');
    for (const other of others) expect(ask(other.chainDer)).toBe('None');
  });

  test.each(['ec-p384', 'rsa-2048', 'rsa-pss-2048'] as const)(
    'of an authority with %s, too',
    async (keyType) => {
      const other = await createAuthority({ keyType });
      const { chainDer } = await other.issue({ names });
      const roots = [other.root.der];
      expect([ask(chainDer, { roots }), ask(chainDer, { roots })]).toEqual(['None', 'None']);
      const broken = chainDer.map((der) => der.slice());
      broken[1]![broken[1]!.length - 9]! ^= 4;
      expect(ask(broken, { roots })).toBe('CertificateSignature');
      expect(ask(chainDer, { roots })).toBe('None');
    },
  );
});
