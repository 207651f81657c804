// What counts as DER (X.690 §8 and §11).
import { describe, expect, test } from 'vitest';
import * as der from '../../../host/platform/node/der.js';
import { programs, unhex } from '../programs.js';

const nested = (depth: number): Uint8Array =>
  depth === 0 ? der.nullValue() : der.sequence(nested(depth - 1));

const valid: [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['an empty sequence', unhex('3000')],
  ['two elements', unhex('05000500')],
  ['TRUE and FALSE', unhex('0101ff 010100')],
  ['small integers', unhex('020100 02017f 020180 0201ff 02020080 0202ff7f')],
  ['a length of 127', der.octetString(new Uint8Array(127))],
  ['a length of 128', der.octetString(new Uint8Array(128))],
  ['a length of 255', der.octetString(new Uint8Array(255))],
  ['a length of 256', der.octetString(new Uint8Array(256))],
  ['a length of 65535', der.octetString(new Uint8Array(65535))],
  ['bit strings', unhex('030100 030200ff 03020780 03020480')],
  ['an object identifier', der.oid('1.2.840.113549.1.1.11')],
  ['context tags', unhex('8000 a000 a1020500')],
  ['fifteen levels', nested(15)],
];

const invalid: [string, Uint8Array][] = [
  ['a tag without length', unhex('30')],
  ['content cut off', unhex('0402 00')],
  ['an inner element that leaves its parent', unhex('3003 0402 00')],
  ['an indefinite length', unhex('3080 0500 0000')],
  ['a long form where the short fits', unhex(`04817f${'00'.repeat(127)}`)],
  ['two length bytes where one fits', unhex(`048200ff${'00'.repeat(255)}`)],
  ['three length bytes', der.concat(unhex('0483010000'), new Uint8Array(65536))],
  ['four length bytes', unhex('048400000001 00')],
  ['a length of 2^32 - 1', unhex('0484ffffffff 00')],
  ['the reserved length', unhex('04ff 00')],
  ['a length byte missing', unhex('0482 01')],
  ['a high tag number', unhex('1f8101 00')],
  ['a high context tag number', unhex('bf8101 00')],
  ['end-of-contents', unhex('0000')],
  ['a BOOLEAN of 1', unhex('010101')],
  ['a BOOLEAN of two bytes', unhex('0102ffff')],
  ['an empty BOOLEAN', unhex('0100')],
  ['an empty INTEGER', unhex('0200')],
  ['a padded positive INTEGER', unhex('0202007f')],
  ['a padded negative INTEGER', unhex('0202ff80')],
  ['a padded ENUMERATED', unhex('0a020001')],
  ['a NULL with content', unhex('050100')],
  ['an empty BIT STRING', unhex('0300')],
  ['eight unused bits', unhex('03020800')],
  ['unused bits without bytes', unhex('030101')],
  ['unused bits that are set', unhex('03020481')],
  ['an empty OBJECT IDENTIFIER', unhex('0600')],
  ['an OBJECT IDENTIFIER cut off', unhex('06022a86')],
  ['a padded arc', unhex('06032a8001')],
  ['a constructed OCTET STRING', unhex('2402 0400')],
  ['a constructed INTEGER', unhex('2200')],
  ['a primitive SEQUENCE', unhex('1000')],
  ['a primitive SET', unhex('1100')],
  ['sixteen levels', nested(16)],
  ['a thousand levels', nested(1000)],
  ['bytes behind', unhex('0500 00')],
];

describe.each(await programs('primitives'))('DER on %s', (_, bench) => {
  const check = (bytes: Uint8Array) => {
    const at = bench.put(bytes);
    const result = bench.exports.checkDer!(at, at + bytes.length);
    bench.free();
    return result;
  };
  test.each(valid)('%s', (_, bytes) => expect(check(bytes)).toBe(1));
  test.each(invalid)('not %s', (_, bytes) => expect(check(bytes)).toBe(0));
});
