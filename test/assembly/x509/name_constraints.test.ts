// Name constraints of an authority, and of a root, against the names below (RFC 5280 §4.2.1.10).
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Authority,
  authorityExtensions,
  createAuthority,
  generateKey,
} from '../../../host/cli/demo/authority/authority.js';
import {
  certify,
  distinguishedName,
  extension,
  generalName,
  nameConstraints,
  type Subtrees,
  subjectAlternativeName,
} from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';
import { verify } from './verifier.js';

const day = 86_400_000;
const directory = (attributes: Record<string, string>, tag?: number) =>
  der.explicit(4, distinguishedName(attributes, tag));
const mail = (text: string) => der.implicit(1, der.ascii(text));
const uri = (text: string) => der.implicit(6, der.ascii(text));

const registered = (oid: string) => der.implicit(8, der.oid(oid).slice(2));
const attributes = { C: '2.5.4.6', O: '2.5.4.10' };
/** A directory name of one RDN. */
const rdn = (...pairs: [keyof typeof attributes, string][]) =>
  der.explicit(
    4,
    der.sequence(
      der.set(
        ...pairs.map(([type, text]) =>
          der.sequence(der.oid(attributes[type]), der.tlv(0x0c, der.utf8(text))),
        ),
      ),
    ),
  );

const within = 'None';
const outside = 'CertificateNameConstraints';

/** Constraints, the certificate's names (the first is the host), verdict. */
const table: [Subtrees, (string | Uint8Array)[], string][] = [
  [{ permitted: ['example.org'] }, ['www.example.org'], within],
  [{ permitted: ['example.org'] }, ['example.org'], within],
  [{ permitted: ['EXAMPLE.org'] }, ['a.b.example.ORG'], within],
  [{ permitted: ['example.org'] }, ['notexample.org'], outside],
  [{ permitted: ['example.org'] }, ['example.org.evil.example'], outside],
  [{ permitted: ['example.org'] }, ['www.example.org', 'www.example.net'], outside],
  [{ permitted: ['example.org', 'example.net'] }, ['www.example.org', 'www.example.net'], within],
  [{ permitted: [''] }, ['www.example.org'], within],
  [{ excluded: [''] }, ['www.example.org'], outside],
  [{ excluded: ['example.org'] }, ['www.example.org'], outside],
  [{ excluded: ['example.org'] }, ['example.org'], outside],
  [{ excluded: ['example.org'] }, ['notexample.org'], within],
  [{ permitted: ['example.org'], excluded: ['secret.example.org'] }, ['www.example.org'], within],
  [{ permitted: ['example.org'], excluded: ['secret.example.org'] }, ['a.secret.example.org'], outside],
  // A wildcard is within a subtree only if all that it stands for is, and outside only if nothing is
  [{ permitted: ['example.org'] }, ['x.example.org', '*.example.org'], within],
  [{ permitted: ['www.example.org'] }, ['www.example.org', '*.example.org'], outside],
  [{ excluded: ['secret.example.org'] }, ['www.example.org', '*.example.org'], outside],
  [{ excluded: ['a.secret.example.org'] }, ['www.example.org', '*.example.org'], within],
  // Addresses
  [{ permitted: ['192.0.2.0/24'] }, ['192.0.2.7'], within],
  [{ permitted: ['192.0.2.0/24'] }, ['192.0.3.7'], outside],
  [{ permitted: ['192.0.2.0/25'] }, ['192.0.2.127'], within],
  [{ permitted: ['192.0.2.0/25'] }, ['192.0.2.128'], outside],
  [{ permitted: ['192.0.2.7/32'] }, ['192.0.2.7'], within],
  [{ permitted: ['0.0.0.0/0'] }, ['2001:db8::1'], outside],
  [{ permitted: ['2001:db8::/32'] }, ['2001:db8:1::1'], within],
  [{ permitted: ['2001:db8::/32'] }, ['2001:db9::1'], outside],
  [{ excluded: ['0.0.0.0/0', '::/0'] }, ['www.example.org'], within],
  [{ excluded: ['0.0.0.0/0', '::/0'] }, ['www.example.org', '192.0.2.7'], outside],
  [{ excluded: ['0.0.0.0/0'] }, ['2001:db8::1'], within],
  // One kind of name says nothing about another
  [{ permitted: ['example.org'] }, ['192.0.2.7'], within],
  [{ permitted: ['192.0.2.0/24'] }, ['www.example.net'], within],
  // The subject is a directory name; so are alternative ones
  [{ permitted: [directory({ O: 'Deputy tests' })] }, ['www.example.org'], within],
  [{ permitted: [directory({ O: ' deputy  TESTS ' }, 0x13)] }, ['www.example.org'], within],
  [{ permitted: [directory({ O: 'Somebody' })] }, ['www.example.org'], outside],
  [{ permitted: [directory({ CN: 'www.example.org' })] }, ['www.example.org'], outside],
  [{ permitted: [directory({})] }, ['www.example.org'], within],
  [{ excluded: [directory({ O: 'Deputy tests' })] }, ['www.example.org'], outside],
  [{ excluded: [directory({ O: 'Deputy tests' }, 0x14)] }, ['www.example.org'], outside],
  [{ permitted: [directory({ O: 'Deputy tests' }, 0x14)] }, ['www.example.org'], within],
  [
    { excluded: [directory({ O: 'Somebody' })] },
    ['www.example.org', directory({ O: 'Somebody', OU: 'x' })],
    outside,
  ],
  [
    { permitted: [directory({ O: 'Deputy tests' })] },
    ['www.example.org', directory({ O: 'Somebody' })],
    outside,
  ],
  // Mail addresses: a mailbox, a host, all hosts below a domain
  [{ permitted: [mail('example.org')] }, ['www.example.org'], within],
  [{ permitted: [mail('example.org')] }, ['www.example.org', mail('a@example.org')], within],
  [{ permitted: [mail('example.org')] }, ['www.example.org', mail('a@mx.example.org')], outside],
  [{ permitted: [mail('.example.org')] }, ['www.example.org', mail('a@mx.EXAMPLE.org')], within],
  [{ permitted: [mail('.example.org')] }, ['www.example.org', mail('a@example.org')], outside],
  [{ permitted: [mail('a@example.org')] }, ['www.example.org', mail('a@EXAMPLE.org')], within],
  [{ permitted: [mail('a@example.org')] }, ['www.example.org', mail('A@example.org')], outside],
  [{ permitted: [mail('a@example.org')] }, ['www.example.org', mail('ba@example.org')], outside],
  [{ excluded: [mail('example.net')] }, ['www.example.org', mail('a@example.org')], within],
  [{ excluded: [mail('example.net')] }, ['www.example.org', mail('a@example.net')], outside],
  [{ excluded: [mail('example.net')] }, ['www.example.org', mail('no address')], outside],
  [{ permitted: ['example.org'] }, ['www.example.org', mail('a@example.net')], within],
  // URIs: the host alone, or all below it
  [{ permitted: [uri('example.org')] }, ['www.example.org', uri('https://example.org/a?b@c')], within],
  [{ permitted: [uri('example.org')] }, ['www.example.org', uri('https://www.example.org/')], outside],
  [{ permitted: [uri('.example.org')] }, ['www.example.org', uri('ldap://u:p@a.example.org:389')], within],
  [{ permitted: [uri('.example.org')] }, ['www.example.org', uri('https://example.org/')], outside],
  [{ excluded: [uri('.example.net')] }, ['www.example.org', uri('https://a.example.net#x')], outside],
  [{ excluded: [uri('.example.net')] }, ['www.example.org', uri('https://evil@a.example.net/')], outside],
  [{ excluded: [uri('.example.net')] }, ['www.example.org', uri('https://a.example.org/')], within],
  [{ excluded: [uri('.example.net')] }, ['www.example.org', uri('mailto:a@example.org')], outside],
  [{ excluded: [uri('.example.net')] }, ['www.example.org', uri('https://192.0.2.1/')], outside],
  // Kinds of names that are not processed: harmless where no such name is there, refused where one is
  [{ permitted: [registered('1.2.3')] }, ['www.example.org'], within],
  [{ permitted: [registered('1.2.3')] }, ['www.example.org', registered('1.2.3')], outside],
  [{ excluded: [registered('1.2.3')] }, ['www.example.org', registered('1.2.4')], outside],
  // Attributes of one RDN count one by one
  [{ permitted: [rdn(['O', 'Deputy tests'])] }, ['www.example.org'], within],
  [
    { permitted: [rdn(['O', 'Deputy tests'])] },
    ['www.example.org', rdn(['O', 'Deputy tests'], ['O', 'Deputy tests'])],
    outside,
  ],
  [{ permitted: [rdn(['C', 'US'])] }, ['www.example.org', rdn(['C', 'US'])], outside], // by the subject
  [{ excluded: [rdn(['C', 'US'], ['C', 'us'])] }, ['www.example.org', rdn(['C', 'US'])], within],
  [
    { excluded: [rdn(['C', 'US'], ['C', 'us'])] },
    ['www.example.org', rdn(['C', 'uS'], ['C', 'Us'])],
    outside,
  ],
];

/** Bases that say what nobody can keep to. */
const malformed: [string, Uint8Array][] = [
  ['a mask with a hole', der.implicit(7, Uint8Array.of(192, 0, 2, 0, 255, 0, 255, 0))],
  ['a mask with a hole in an octet', der.implicit(7, Uint8Array.of(192, 0, 2, 0, 255, 255, 253, 0))],
  ['an address of nine bytes', der.implicit(7, new Uint8Array(9))],
  ['an address without a mask', der.implicit(7, new Uint8Array(4))],
  ['a minimum', der.concat(generalName('example.org'), der.implicit(0, Uint8Array.of(0)))],
  ['a maximum', der.concat(generalName('example.org'), der.implicit(1, Uint8Array.of(1)))],
  ['a tag of no kind of name', der.tlv(0x89, der.ascii('example.org'))],
  ['an object identifier', der.oid('1.2.3')],
  ['a constructed DNS name', der.tlv(0xa2, der.sequence())],
  ['a primitive directory name', der.tlv(0x84, distinguishedName({ O: 'x' }))],
  ['a constructed address', der.tlv(0xa7, der.octetString(new Uint8Array(8)))],
  ['a directory name that is none', der.explicit(4, der.set())],
  ['a DNS name behind a dot', generalName('.example.org')],
  ['a DNS name with a star', generalName('*.example.org')],
  ['a DNS name with an empty label', generalName('a..example.org')],
  ['a DNS name beyond ASCII', der.implicit(2, Uint8Array.of(0xe9, 0x2e, 0x66, 0x72))],
  ['a mail address without a mailbox', mail('@example.org')],
  ['a mail address without a host', mail('a@')],
  ['a URI in full', uri('https://example.org/')],
];

describe.each(await programs('primitives'))('name constraints on %s', (_, bench) => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority();
  });

  const issue = (constraints: Uint8Array, names: (string | Uint8Array)[], intermediates = 1) =>
    authority.issue({
      names: ['www.example.org'],
      intermediates,
      leaf: { extensions: [subjectAlternativeName(names)] },
      intermediate: (i, key, issuer) =>
        i === 0 ? { extensions: [...authorityExtensions(key, issuer), constraints] } : {},
    });
  const ask = (chain: Uint8Array[], names: (string | Uint8Array)[], root = authority.root.der) => {
    const host = names.find((name) => typeof name === 'string') as string;
    return verify(bench, { roots: [root], chain, host });
  };

  test.each(table)('%j for %j: %s', async (subtrees, names, verdict) => {
    for (const critical of [true, false]) {
      expect(ask((await issue(nameConstraints(subtrees, critical), names)).chainDer, names)).toBe(verdict);
    }
    // From further up, and from the root.
    expect(ask((await issue(nameConstraints(subtrees), names, 2)).chainDer, names)).toBe(verdict);
    const { signer } = authority.root;
    const root = certify({
      subject: signer.name,
      publicKey: signer.key,
      issuer: signer,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      extensions: [...authorityExtensions(signer.key), nameConstraints(subtrees)],
    });
    const leaf = { extensions: [subjectAlternativeName(names)] };
    const issued = await authority.issue({ names: ['www.example.org'], intermediates: 0, leaf });
    expect(ask(issued.chainDer, names, root)).toBe(verdict);
  });

  test.each([
    ['permitted', 'example.org', outside],
    ['permitted', 'example.net', within],
    ['permitted', 'a@example.net', within],
    ['excluded', 'example.net', outside],
    ['excluded', 'example.org', within],
  ] as const)(
    'an address at example.net in the subject is a mail name: %s %s',
    async (list, base, verdict) => {
      const subject = distinguishedName(
        { CN: 'www.example.org', '1.2.840.113549.1.9.1': 'a@example.net' },
        0x16,
      );
      const constrained = nameConstraints({ [list]: [mail(base)] });
      const issued = await authority.issue({
        names: ['www.example.org'],
        leaf: { subject },
        intermediate: (_, key, issuer) => ({
          extensions: [...authorityExtensions(key, issuer), constrained],
        }),
      });
      expect(ask(issued.chainDer, ['www.example.org'])).toBe(verdict);
    },
  );

  test.each(malformed)('malformed, in an authority and in a root: %s', async (_, base) => {
    for (const subtrees of [{ permitted: [base] }, { excluded: [base] }]) {
      const { chainDer } = await issue(nameConstraints(subtrees, false), ['www.example.org']);
      expect(ask(chainDer, ['www.example.org'])).toBe('CertificateDer');
    }
    const { signer } = authority.root;
    const root = certify({
      subject: signer.name,
      publicKey: signer.key,
      issuer: signer,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
      extensions: [...authorityExtensions(signer.key), nameConstraints({ excluded: [base] })],
    });
    const issued = await authority.issue({ names: ['www.example.org'], intermediates: 0 });
    expect(ask(issued.chainDer, ['www.example.org'], root)).toBe('trustAdd: CertificateDer');
  });

  test('both authorities constrain: what one permits the other can still forbid', async () => {
    const issued = await authority.issue({
      names: ['www.example.org'],
      intermediates: 2,
      intermediate: (i, key, issuer) => ({
        extensions: [
          ...authorityExtensions(key, issuer),
          nameConstraints({ permitted: [i === 0 ? 'example.org' : 'www.example.org'] }),
        ],
      }),
    });
    expect(ask(issued.chainDer, ['www.example.org'])).toBe(within);
    const wider = await authority.issue({
      names: ['www.example.net'],
      intermediates: 2,
      intermediate: (i, key, issuer) => ({
        extensions: [
          ...authorityExtensions(key, issuer),
          nameConstraints({ permitted: i === 0 ? ['example.org'] : ['example.org', 'example.net'] }),
        ],
      }),
    });
    expect(ask(wider.chainDer, ['www.example.net'])).toBe(outside);
  });

  test('constraints bind authorities below, but not self-issued ones', async () => {
    const below = (subject: Uint8Array, constraints: Subtrees) =>
      authority.issue({
        names: ['www.example.org'],
        intermediates: 2,
        leaf: { subject: distinguishedName({ O: 'Permitted' }) },
        intermediate: (i, key, issuer) =>
          i === 0
            ? { subject, extensions: [...authorityExtensions(key, issuer), nameConstraints(constraints)] }
            : {},
      });
    const permitted = { permitted: [directory({ O: 'Permitted' })] };
    const issued = await below(
      distinguishedName({ O: 'Deputy tests', CN: 'Throw-away intermediate 1' }),
      permitted,
    );
    expect(ask(issued.chainDer, ['www.example.org'])).toBe(outside);

    const key = await generateKey('ec-p256');
    const subject = distinguishedName({ O: 'Elsewhere' });
    const dates = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
    const upper = certify({
      subject,
      publicKey: key,
      issuer: authority.root.signer,
      ...dates,
      extensions: [...authorityExtensions(key), nameConstraints(permitted)],
    });
    const nextKey = await generateKey('ec-p256');
    const selfIssued = certify({
      subject,
      publicKey: nextKey,
      issuer: { name: subject, key },
      ...dates,
      extensions: authorityExtensions(nextKey),
    });
    const leaf = await authority.issue({
      names: ['www.example.org'],
      intermediates: 0,
      leaf: { subject: distinguishedName({ O: 'Permitted' }), issuer: { name: subject, key: nextKey } },
    });
    expect(ask([leaf.chainDer[0]!, selfIssued, upper], ['www.example.org'])).toBe(within);
  });

  test('thousands of names times thousands of constraints end in a refusal', async () => {
    const many = Array.from({ length: 600 }, (_, i) => `n${i}.example.org`);
    const constraints = Array.from({ length: 600 }, (_, i) => `n${i}.excluded.example`);
    const issued = await issue(nameConstraints({ excluded: constraints }), ['www.example.org', ...many]);
    expect(ask(issued.chainDer, ['www.example.org'])).toBe(outside);
    const fewer = await issue(nameConstraints({ excluded: constraints.slice(0, 100) }), [
      'www.example.org',
      ...many,
    ]);
    expect(ask(fewer.chainDer, ['www.example.org'])).toBe(within);
  });

  test.each([
    ['an empty sequence', der.sequence()],
    ['an empty list', der.sequence(der.explicit(0))],
    [
      'lists in the wrong order',
      der.sequence(
        der.explicit(1, der.sequence(generalName('a.example'))),
        der.explicit(0, der.sequence(generalName('example.org'))),
      ),
    ],
    ['a third list', der.sequence(der.explicit(2, der.sequence(generalName('example.org'))))],
    ['an empty subtree', der.sequence(der.explicit(0, der.sequence()))],
  ])('malformed: %s', async (_, value) => {
    const issued = await issue(extension('2.5.29.30', true, value), ['www.example.org']);
    expect(['CertificateDer', outside]).toContain(ask(issued.chainDer, ['www.example.org']));
  });
});
