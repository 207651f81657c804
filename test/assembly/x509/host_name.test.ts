// Which certificate names stand for which host (RFC 6125 §6.4, RFC 9525 §6).
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { generalName, subjectAlternativeName } from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';

const dns = (text: string) => der.implicit(2, der.ascii(text));

/** Names in the certificate, host that is asked for, whether they match. */
const table: [(string | Uint8Array)[], string, boolean][] = [
  [['www.example.org'], 'www.example.org', true],
  [['www.example.org'], 'WWW.Example.ORG', true],
  [['WWW.EXAMPLE.ORG'], 'www.example.org', true],
  [['www.example.org'], 'www.example.org.', true],
  [['www.example.org'], 'www.example.org..', false],
  [[dns('www.example.org.')], 'www.example.org', false],
  [['www.example.org'], 'example.org', false],
  [['example.org'], 'www.example.org', false],
  [['a.example', 'b.example', 'www.example.org'], 'www.example.org', true],
  [['localhost'], 'localhost', true],
  [['a_b.example.org'], 'a_b.example.org', false],
  [['*.example.org'], 'a_b.example.org', true],
  // Wildcards: the whole leftmost label, one label, at least two labels behind
  [['*.example.org'], 'www.example.org', true],
  [['*.example.org'], 'example.org', false],
  [['*.example.org'], 'a.www.example.org', false],
  [['*.example.org'], '.example.org', false],
  [['*.example.org'], 'xn--bcher-kva.example.org', true],
  [['*.org'], 'example.org', false],
  [['*'], 'localhost', false],
  [['*.'], 'localhost', false],
  [['*..org'], 'www..org', false],
  [['w*.example.org'], 'www.example.org', false],
  [['*w.example.org'], 'www.example.org', false],
  [['w*w.example.org'], 'www.example.org', false],
  [['xn--*.example.org'], 'xn--bcher-kva.example.org', false],
  [['www.*.org'], 'www.example.org', false],
  [['*.*.example.org'], 'a.b.example.org', false],
  [['**.example.org'], 'www.example.org', false],
  // IDNs travel as A-labels on both sides
  [['xn--bcher-kva.example'], 'xn--bcher-kva.example', true],
  [[dns('b\u00fccher.example')], 'xn--bcher-kva.example', false],
  [[dns('b\u00fccher.example')], 'b\u00fccher.example', false],
  // NULs and other dirt
  [[dns('www.example.org\0.evil.example')], 'www.example.org', false],
  [[dns('www.example.org\0')], 'www.example.org', false],
  [['www.example.org'], 'www.example.org\0', false],
  [['www.example.org'], 'www.example.org\0.evil.example', false],
  [[dns(' www.example.org')], 'www.example.org', false],
  [[dns('')], '', false],
  [['www.example.org'], '', false],
  [['www.example.org'], '.', false],
  [[dns(`${'a'.repeat(64)}.example`)], `${'a'.repeat(64)}.example`, false],
  [[`${'a'.repeat(63)}.example`], `${'a'.repeat(63)}.example`, true],
  [[`${'a.'.repeat(126)}a`], `${'a.'.repeat(126)}a`, true],
  [[dns(`${'a.'.repeat(127)}a`)], `${'a.'.repeat(127)}a`, false],
  // Addresses match addresses, as bytes
  [['192.0.2.1'], '192.0.2.1', true],
  [['192.0.2.1'], '192.0.2.2', false],
  [['192.0.2.1'], '192.0.2.01', false],
  [['192.0.2.1'], '192.0.2.1.', false],
  [[dns('192.0.2.1')], '192.0.2.1', false],
  [[dns('192.0.2')], '192.0.2', false],
  [[dns('*.0.2.1')], '192.0.2.1', false],
  [['2001:db8::1'], '2001:db8::1', true],
  [['2001:db8::1'], '2001:0DB8:0:0:0:0:0:0001', true],
  [['2001:db8::1'], '2001:db8::2', false],
  [['::1'], '::1', true],
  [['::1'], '0.0.0.1', false],
  [['192.0.2.1'], '::ffff:192.0.2.1', false],
  [['::'], '::', true],
  [['2001:db8::1'], '[2001:db8::1]', false],
  [['fe80::1'], 'fe80::1%eth0', false],
  // Other kinds of names never name a host
  [[der.implicit(1, der.ascii('www.example.org'))], 'www.example.org', false],
  [[der.implicit(6, der.ascii('https://www.example.org/'))], 'www.example.org', false],
];

describe.each(await programs('primitives'))('host names on %s', (engine, bench) => {
  const match = (names: (string | Uint8Array)[], host: string) => {
    const list = der.sequence(...names.map((name) => (typeof name === 'string' ? generalName(name) : name)));
    const text = der.ascii(host);
    const result = bench.exports.matchHostName!(bench.put(list), bench.put(text), text.length);
    bench.free();
    return result === 1;
  };

  test.each(table)('%j for %j: %s', (names, host, expected) => {
    expect(match(names, host)).toBe(expected);
  });

  test('random names and hosts, as OpenSSL matches them', async () => {
    const authority = await createAuthority();
    const { key } = await authority.issue({ names: ['any'] });
    const label = fc.constantFrom('a', 'b', 'A', 'xn--a', '*', 'a*', '', '1', '-');
    const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
    const host = fc.array(fc.constantFrom('a', 'b', 'B', 'xn--a', 'a1'), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 3 }), host, async (names, labels) => {
        const leaf = { extensions: [subjectAlternativeName(names.map(dns))] };
        const issued = await authority.issue({ names: ['any'], intermediates: 0, key, leaf });
        const text = labels.join('.');
        const certificate = new X509Certificate(issued.chainDer[0]!);
        const theirs =
          certificate.checkHost(text, { subject: 'never', partialWildcards: false }) !== undefined;
        expect(match(names.map(dns), text)).toBe(theirs);
      }),
      { numRuns: engine === 'V8' ? 1500 : 200 },
    );
  });

  test('a certificate without alternative names is for nobody', () => {
    const host = der.ascii('www.example.org');
    expect(bench.exports.matchHostName!(0, bench.put(host), host.length)).toBe(0);
    bench.free();
  });
});
