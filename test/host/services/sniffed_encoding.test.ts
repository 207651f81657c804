// Which encoding a page is in, whatever its first bytes are.
import { expect, test } from 'vitest';
import { sniffedEncoding } from '../../../host/services/sniffed_encoding.js';

const of = (text: string, label?: string) =>
  sniffedEncoding(Buffer.from(text, 'latin1'), { label, otherwise: 'windows-1252' });

test('a mark goes before what the transport says, and that before what the page says', () => {
  const page = '<meta charset="koi8-r">';
  expect(of(page)).toBe('KOI8-R');
  expect(of(page, 'iso-8859-2')).toBe('ISO-8859-2');
  expect(of(`\xef\xbb\xbf${page}`, 'iso-8859-2')).toBe('UTF-8');
});

test.each([
  '<meta http-equiv="content-type" content="charset">',
  '<meta http-equiv="content-type" content="text/html; charset ">',
  '<meta http-equiv="content-type" content="text/html; charset=">',
  '<meta content="charset= " http-equiv="content-type"',
])('%s says nothing, and nothing fails', (page) => {
  expect(of(page)).toBe('windows-1252');
  expect(of(page, 'utf-8')).toBe('UTF-8');
});
