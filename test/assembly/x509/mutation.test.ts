// Damaged certificates: never taken, never a trap, never a look past the end of the input.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  type Issued,
} from '../../../host/cli/demo/authority/authority.js';
import {
  distinguishedName,
  nameConstraints,
  subjectAlternativeName,
} from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { type Bench, programs } from '../programs.js';
import { codeName, now, verify } from './verifier.js';

const names = ['www.example.org', '*.example.net', '192.0.2.7', '2001:db8::7'];

/** One change: a byte replaced, put in, taken out, or the rest cut off. */
const change = fc.record({
  certificate: fc.nat(2),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  kind: fc.constantFrom('replace', 'insert', 'delete', 'truncate', 'flip'),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x30, 0x80, 0x81, 0x82, 0x84, 0xff)),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function damage(bytes: Uint8Array, { at, kind, value }: Change): Uint8Array {
  const position = Math.floor(at * bytes.length);
  const [head, rest] = [bytes.slice(0, position), bytes.slice(position + 1)];
  switch (kind) {
    case 'replace':
      return der.concat(head, Uint8Array.of(value), rest);
    case 'flip':
      return der.concat(head, Uint8Array.of(bytes[position]! ^ (1 << (value & 7))), rest);
    case 'insert':
      return der.concat(head, Uint8Array.of(value), bytes.slice(position));
    case 'delete':
      return der.concat(head, rest);
    default:
      return head;
  }
}

/** The elements inside a constructed one; `bytes` is well-formed. */
function elements(bytes: Uint8Array): Uint8Array[] {
  const start = (at: number) => at + (bytes[at + 1]! > 0x80 ? bytes[at + 1]! - 0x80 : 0) + 2;
  const end = (at: number) => {
    const length = bytes[at + 1]!;
    const digits = Buffer.from(bytes.slice(at + 2, start(at)));
    return start(at) + (length < 0x80 ? length : digits.readUIntBE(0, digits.length));
  };
  const found: Uint8Array[] = [];
  for (let at = start(0); at < bytes.length; at = end(at)) found.push(bytes.slice(at, end(at)));
  return found;
}

/** With issuer and subject replaced: OpenSSL decodes the characters of names, where we compare bytes. */
function withPlainNames(certificate: Uint8Array): Uint8Array {
  const [tbs, ...signature] = elements(certificate) as [Uint8Array];
  const fields = elements(tbs);
  const version = fields[0]![0] === 0xa0 ? 1 : 0;
  fields[version + 2] = fields[version + 4] = distinguishedName({ CN: 'plain' });
  return der.sequence(der.sequence(...fields), ...signature);
}

let authority: Authority;
let issued: Issued;
beforeAll(async () => {
  authority = await createAuthority();
  const subtrees = {
    permitted: [
      'example.org',
      'example.net',
      '192.0.2.0/24',
      '2001:db8::/32',
      der.explicit(4, distinguishedName({ O: 'Deputy tests' })),
    ],
  };
  issued = await authority.issue({
    names,
    intermediates: 2,
    intermediate: (_, key, issuer) => ({
      extensions: [...authorityExtensions(key, issuer), nameConstraints(subtrees)],
    }),
  });
});

describe.each(await programs('primitives'))('damaged certificates on %s', (engine, bench) => {
  const numRuns = engine === 'V8' ? 3000 : 200;

  test('the undamaged chain holds', () => {
    expect(verify(bench, { roots: [authority.root.der], chain: issued.chainDer })).toBe('None');
  });

  test('no single change anywhere in a chain is taken', () => {
    fc.assert(
      fc.property(change, (one) => {
        const chain = [...issued.chainDer];
        chain[one.certificate] = damage(chain[one.certificate]!, one);
        fc.pre(!Buffer.from(chain[one.certificate]!).equals(issued.chainDer[one.certificate]!));
        expect(verify(bench, { roots: [authority.root.der], chain })).not.toBe('None');
      }),
      { numRuns },
    );
  });

  test('what is read as a root is a certificate to OpenSSL as well', () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const root = changes.reduce(damage, authority.root.der);
        const trust = bench.exports.trustNew!();
        const code = bench.exports.trustAdd!(trust, bench.put(root), root.length);
        bench.exports.trustFree!(trust);
        bench.free();
        if (code < 0) return;
        read++;
        expect(() => new X509Certificate(withPlainNames(root))).not.toThrow();
      }),
      { numRuns },
    );
    expect(read).toBeGreaterThan(0);
  });

  test('several changes at once, and chains of noise', () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 2, maxLength: 8 }),
        fc.uint8Array({ maxLength: 300 }),
        (changes, noise) => {
          const chain = [...issued.chainDer];
          for (const one of changes) chain[one.certificate] = damage(chain[one.certificate]!, one);
          fc.pre(!chain.every((bytes, i) => Buffer.from(bytes).equals(issued.chainDer[i]!)));
          expect(verify(bench, { roots: [authority.root.der], chain: [...chain, noise] })).not.toBe('None');
        },
      ),
      { numRuns: numRuns / 4 },
    );
  });
});

/** Lays its input at the very end of linear memory, where one byte too far is a trap. */
test('nothing is read behind the input', async () => {
  const path = process.env.DEPUTY_PRIMITIVES ?? new URL('../../../build/primitives.wasm', import.meta.url);
  const { instance } = await WebAssembly.instantiate((await readFile(path)) as Uint8Array<ArrayBuffer>, {});
  const exports = instance.exports as unknown as Bench['exports'];
  const memory = instance.exports.memory as WebAssembly.Memory;
  const trust = exports.trustNew!();
  const place = (bytes: Uint8Array) => {
    const at = memory.buffer.byteLength - bytes.length;
    new Uint8Array(memory.buffer).set(bytes, at);
    return at;
  };
  const host = exports.allocate!(32);
  new Uint8Array(memory.buffer).set(der.ascii('www.example.org'), host);
  const key = exports.allocate!(64);
  memory.grow(2);

  const [leaf, ...rest] = issued.chainDer as [Uint8Array];
  const prefixed = (one: Uint8Array) => der.concat(Uint8Array.of(0, one.length >> 8, one.length & 255), one);
  const ask = (chain: Uint8Array[]) => {
    const list = der.concat(...chain.map(prefixed));
    return codeName(exports.verifyChain!(trust, place(list), list.length, host, 15, now(), key, 0));
  };
  expect(exports.trustAdd!(trust, place(authority.root.der), authority.root.der.length)).toBe(0);
  expect(ask(issued.chainDer)).toBe('None');
  for (let cut = 0; cut < leaf.length; cut++) {
    expect(ask([...rest, leaf.slice(0, cut)])).not.toBe('None');
    const root = authority.root.der.slice(0, cut);
    expect(exports.trustAdd!(trust, place(root), root.length)).not.toBe(
      cut < authority.root.der.length ? 0 : 1,
    );
  }
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      // The damaged one comes last, so that it ends where memory does.
      const bytes = changes.reduce(damage, leaf);
      expect(() => ask([bytes])).not.toThrow();
      expect(() => ask([...rest, bytes])).not.toThrow();
      const names = changes.reduce(damage, subjectAlternativeName(['www.example.org', '192.0.2.7']));
      if (exports.checkDer!(place(names), memory.buffer.byteLength) === 1)
        expect(names.length).toBeLessThan(100);
      const pkcs8 = changes.reduce(damage, issued.keyDer);
      expect(() => exports.parsePrivateKey!(place(pkcs8), pkcs8.length, key)).not.toThrow();
    }),
    { numRuns: 3000 },
  );
});
