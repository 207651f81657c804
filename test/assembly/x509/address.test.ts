// IP addresses as text, against Node's own reader.
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipBytes } from '../../../host/cli/demo/authority/certificate.js';
import { ascii } from '../../../host/platform/node/der.js';
import { hex, programs } from '../programs.js';

describe.each(await programs('primitives'))('addresses on %s', (_, bench) => {
  const parse = (text: string) => {
    const out = bench.room(16);
    const length = bench.exports.parseAddress!(bench.put(ascii(text)), text.length, out);
    const bytes = bench.get(out, length);
    bench.free();
    return bytes;
  };

  test.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['1:2:3:4:5:6:192.0.2.1', '000100020003000400050006c0000201'],
  ])('%s', (text, bytes) => expect(hex(parse(text))).toBe(bytes));

  test.each([
    '',
    '.',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1..2.3',
    '1.2.3.',
    '0x1.2.3.4',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    ':1',
    '1:',
    '12345::',
    '::g',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:8::',
    '::1%1',
    '1:2:3:4::5:6:7:8',
  ])('no address: %j', (text) => expect(parse(text).length).toBe(0));

  test('random addresses, and near misses, as Node reads them', () => {
    const near = fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(40), fc.constantFrom('', ':', '.', '0', 'f', '::'))
      .map(([text, at, dirt]) => text.slice(0, at) + dirt + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (text) => {
        const bytes = parse(text);
        expect(bytes.length).toBe([0, 0, 0, 0, 4, 0, 16][isIP(text)]);
        if (bytes.length > 0 && !text.includes(':')) expect(bytes).toEqual(ipBytes(text));
        if (bytes.length > 0 && !text.includes('.')) expect(bytes).toEqual(ipBytes(text));
      }),
      { numRuns: 500 },
    );
  });
});
