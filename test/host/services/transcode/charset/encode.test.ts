// What a device's character set lacks, in letters and signs that it has.
import { expect, test } from 'vitest';
import { plainEncoder } from '../../../../../host/services/transcode/charset/encode.js';

const ascii = (text: string) => Buffer.from(plainEncoder('us-ascii')(text)).toString('latin1');

test.each([
  ['Cyrillic', 'Привет, мир!', 'Privet, mir!'],
  ['Greek', 'Γειά σου', 'Geia soy'],
  ['kana', 'こんにちは', 'konnichiha'],
  ['Latin with strokes and marks', 'Łódź, Đakovo, Ærø, Straße', 'Lodz, Dakovo, Aero, Strasse'],
  ['fractions and signs', '½ ÷ 2 ≤ 3 → 4', '1/2 / 2 <= 3 > 4'],
  ['quotation marks and dashes', '“a” ‘b’ «c» – — …', '"a" \'b\' <<c>> - - ...'],
])('%s can be read on a device of ASCII', (_, text, plain) => {
  expect(ascii(text)).toBe(plain);
});

test('what shows nothing leaves nothing', () => {
  expect(ascii('su\u00adper\u200bcali\u200d\u2060fragi\ufeff \u202ba\u202c\u0301 ☃\ufe0f')).toBe(
    'supercalifragi a :snowman2:',
  );
});

test('what means nothing is a question mark, and the mark behind a heading is left out', () => {
  expect(ascii('A \ufffd B\ue000 Heading¶')).toBe('A ? B? Heading');
});

test('a character set keeps what it has', () => {
  const encode = plainEncoder('iso-8859-5');
  expect(Buffer.from(encode('Привет é')).toString('hex')).toBe('bfe0d8d2d5e22065');
});
