// One grammar for the proxy and the device: what the proxy takes and gives on, the device takes too.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FieldLineError,
  isFieldValue,
  isToken,
  readFieldLines,
  readRequestLine,
  readStatusLine,
} from '../../../host/http/grammar.js';

describe('start lines', () => {
  test.each(['GET / HTTP/1.1', 'M-SEARCH * HTTP/1.0', 'GET https://a/ HTTP/1.1'])('%s', (line) => {
    expect(readRequestLine(line)).toBeDefined();
  });
  test.each([
    'GET  / HTTP/1.1',
    'GET / HTTP/2.0',
    'GET /a b HTTP/1.1',
    'G T / HTTP/1.1',
    ' GET / HTTP/1.1',
    'GET /\r HTTP/1.1',
  ])('not %j', (line) => expect(readRequestLine(line)).toBeUndefined());
  test.each(['HTTP/1.1 200 OK', 'HTTP/1.0 200', 'HTTP/1.1 200 ', 'HTTP/1.1 600 Odd', 'HTTP/1.1 404 Caf\xe9'])(
    '%s is read alike by both',
    (line) => {
      expect(readStatusLine(line, 'strict')).toBeDefined();
      expect(readStatusLine(line, 'recipient')).toEqual(readStatusLine(line, 'strict'));
    },
  );
  test('controls in a reason are cleaned by the proxy, and refused by the device', () => {
    expect(readStatusLine('HTTP/1.1 200 O\x07K', 'strict')).toBeUndefined();
    expect(readStatusLine('HTTP/1.1 200 O\x07K', 'recipient')).toMatchObject({ status: 200, reason: 'O K' });
  });
});

describe('field lines', () => {
  const read = (...lines: string[]) => readFieldLines(lines, 'recipient').fields;

  test('folded lines are unfolded, blanks before a colon taken away, other lines passed over', () => {
    expect(read('A: b', ' c', '\td')).toEqual([['A', 'b c d']]);
    expect(read('A : b', 'no line at all', 'C:d')).toEqual([
      ['A', 'b'],
      ['C', 'd'],
    ]);
  });

  test.each([
    [['Transfer-Encoding: chunk', ' ed']],
    [['Content-Length: 5', '\t6']],
    [['(Content-Length: 5']],
    [['Content-Length: 5', ' \x00']],
    [Array.from({ length: 201 }, (_, i) => `A${i}: b`)],
  ])('nobody reads half of what says where a body ends: %j', (lines) => {
    expect(() => readFieldLines(lines, 'recipient')).toThrow(FieldLineError);
  });

  test('a request may have as many lines as its bytes allow', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `A${i}: b`);
    expect(readFieldLines(lines, 'strict').fields).toHaveLength(5000);
    expect(() => readFieldLines(lines, 'careful')).toThrow(FieldLineError);
  });

  test('the last reader takes no blanks in what says where a body ends, and the proxy writes it without', () => {
    for (const line of ['Content-Length : 5', 'Transfer-Encoding\t: chunked']) {
      expect(() => readFieldLines([line], 'careful')).toThrow(FieldLineError);
      expect(readFieldLines([line], 'recipient')).toMatchObject({
        fields: [[/^[\w-]+/.exec(line)?.[0], /\w+$/.exec(line)?.[0]]],
      });
    }
    expect(readFieldLines(['A : b'], 'careful').fields).toEqual([['A', 'b']]);
    expect(() => readFieldLines(['A: b', ' c'], 'careful')).toThrow(FieldLineError);
  });

  test('strict refuses each of those that a recipient may put right', () => {
    for (const lines of [['A : b'], ['A: b', ' c'], ['junk'], [': b'], ['A: \x01']])
      expect(() => readFieldLines(lines, 'strict')).toThrow(FieldLineError);
  });

  test('what a recipient gives on, written anew, is strict', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'A: b',
        'A : b',
        ' folded',
        '\tx',
        'junk',
        ':',
        'Content-Length: 3',
        'X-Y:\t z \t',
        'A: \xff',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (lines) => {
        let fields: [string, string][];
        try {
          fields = readFieldLines(lines, 'recipient').fields;
        } catch (error) {
          expect(error).toBeInstanceOf(FieldLineError);
          return;
        }
        const written = fields.map(([name, value]) => `${name}: ${value}`);
        expect(readFieldLines(written, 'strict')).toEqual({ fields, isStrict: true });
        for (const [name, value] of fields) expect(isToken(name) && isFieldValue(value)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
