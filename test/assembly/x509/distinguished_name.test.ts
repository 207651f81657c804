// Which names are one name (RFC 5280 §7.1).
import { describe, expect, test } from 'vitest';
import { distinguishedName } from '../../../host/cli/demo/authority/certificate.js';
import * as der from '../../../host/platform/node/der.js';
import { programs } from '../programs.js';

const printable = 0x13;
const utf8 = 0x0c;
const teletex = 0x14;

const attribute = (type: string, value: string, tag = utf8) =>
  der.sequence(der.oid(type), der.tlv(tag, der.utf8(value)));
const name = (...rdns: Uint8Array[][]) => der.sequence(...rdns.map((attributes) => der.set(...attributes)));
const cn = '2.5.4.3';
/** An organization as BMPString (2 bytes a character) or UniversalString (4), without the last `cut` bytes. */
const wide = (text: string, width: 2 | 4, cut = 0) => {
  const bytes = [...text].flatMap((character) => {
    const code = character.codePointAt(0)!;
    return [code >> 24, (code >> 16) & 255, (code >> 8) & 255, code & 255].slice(4 - width);
  });
  const value = Uint8Array.from(bytes.slice(0, bytes.length - cut));
  return name([der.sequence(der.oid('2.5.4.10'), der.tlv(width === 2 ? 0x1e : 0x1c, value))]);
};
const ou = '2.5.4.11';

const table: [string, Uint8Array, Uint8Array, boolean][] = [
  ['the same bytes', distinguishedName({ O: 'A', CN: 'b' }), distinguishedName({ O: 'A', CN: 'b' }), true],
  ['another order', distinguishedName({ O: 'A', CN: 'b' }), distinguishedName({ CN: 'b', O: 'A' }), false],
  ['one RDN more', distinguishedName({ O: 'A' }), distinguishedName({ O: 'A', CN: 'b' }), false],
  ['one RDN fewer', distinguishedName({ O: 'A', CN: 'b' }), distinguishedName({ O: 'A' }), false],
  ['another type', distinguishedName({ O: 'A' }), distinguishedName({ OU: 'A' }), false],
  ['another value', distinguishedName({ O: 'A' }), distinguishedName({ O: 'B' }), false],
  ['another case', distinguishedName({ O: 'Some Root' }), distinguishedName({ O: 'sOME rOOT' }), true],
  [
    'PrintableString and UTF8String',
    distinguishedName({ O: 'Root' }, printable),
    distinguishedName({ O: 'root' }, utf8),
    true,
  ],
  ['spaces around', distinguishedName({ O: '  Root ' }), distinguishedName({ O: 'Root' }), true],
  ['spaces between', distinguishedName({ O: 'Some   Root' }), distinguishedName({ O: 'Some Root' }), true],
  ['a space and none', distinguishedName({ O: 'Some Root' }), distinguishedName({ O: 'SomeRoot' }), false],
  ['spaces alone', distinguishedName({ O: '   ' }), distinguishedName({ O: ' ' }), true],
  ['a longer value', distinguishedName({ O: 'Root' }), distinguishedName({ O: 'Root 2' }), false],
  [
    'TeletexString, byte for byte',
    distinguishedName({ O: 'Root' }, teletex),
    distinguishedName({ O: 'Root' }, teletex),
    true,
  ],
  [
    'TeletexString, another case',
    distinguishedName({ O: 'Root' }, teletex),
    distinguishedName({ O: 'root' }, teletex),
    true,
  ],
  [
    'TeletexString and UTF8String',
    distinguishedName({ O: 'Root' }, teletex),
    distinguishedName({ O: 'Root' }),
    true,
  ],
  ['BMPString and UTF8String', wide('Zürich  West ', 2), distinguishedName({ O: 'Zürich west' }), true],
  ['BMPString and another text', wide('Zürich', 2), distinguishedName({ O: 'Zurich' }), false],
  ['UniversalString and UTF8String', wide('A ▲ root', 4), distinguishedName({ O: 'a ▲ ROOT' }), true],
  ['UniversalString and PrintableString', wide('Root', 4), distinguishedName({ O: 'root' }, printable), true],
  ['a BMPString of odd length', wide('Root', 2, 1), wide('Root', 2), false],
  [
    'numbers that are no text',
    distinguishedName({ O: 'Root' }, 0x12),
    distinguishedName({ O: 'Root' }),
    false,
  ],
  [
    'bytes that are no UTF-8',
    name([der.sequence(der.oid('2.5.4.10'), der.tlv(utf8, Uint8Array.of(0x41, 0xc3)))]),
    distinguishedName({ O: 'A' }),
    false,
  ],
  ['beyond ASCII, the same', distinguishedName({ O: 'Zürich' }), distinguishedName({ O: 'zürich' }), true],
  [
    'beyond ASCII, another case',
    distinguishedName({ O: 'ZÜRICH' }),
    distinguishedName({ O: 'zürich' }),
    false,
  ],
  ['brackets are no letters', distinguishedName({ O: '[a]' }), distinguishedName({ O: '{a}' }), false],
  [
    'two attributes in either order',
    name([attribute(cn, 'a'), attribute(ou, 'b')]),
    name([attribute(ou, 'B'), attribute(cn, 'A')]),
    true,
  ],
  [
    'two attributes, one of them twice',
    name([attribute(cn, 'a'), attribute(cn, 'A')]),
    name([attribute(cn, 'a'), attribute(cn, 'b')]),
    false,
  ],
  [
    'an attribute once and twice',
    name([attribute(cn, 'I')]),
    name([attribute(cn, 'I'), attribute(cn, 'I')]),
    false,
  ],
  [
    'attributes of three, two of them alike',
    name([attribute(cn, 'a'), attribute(cn, 'A'), attribute(cn, 'b')]),
    name([attribute(cn, 'a'), attribute(cn, 'b'), attribute(cn, 'B')]),
    false,
  ],
  [
    'eight attributes in another order',
    name([...'abcdefgh'].map((text) => attribute(cn, text))),
    name([...'HGFEDCBA'].map((text) => attribute(cn, text))),
    true,
  ],
  ['one attribute of two', name([attribute(cn, 'a')]), name([attribute(cn, 'a'), attribute(ou, 'b')]), false],
  ['no RDN', name(), name(), true],
];

describe.each(await programs('primitives'))('distinguished names on %s', (_, bench) => {
  test.each(table)('%s', (_, a, b, same) => {
    for (const [left, right] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(bench.exports.sameName!(bench.put(left), bench.put(right))).toBe(same ? 1 : 0);
      bench.free();
    }
  });
});
