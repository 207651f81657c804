// Every character set that browsers read, however it is declared, and none where nobody declares it.
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { TextKind } from '../../../../../host/services/charset_sniffing.js';
import { decodeText } from '../../../../../host/services/transcode/charset/decode.js';

/** In pieces of `size`: what is cut in two is still one. */
async function read(bytes: Buffer, type: string | undefined, kind: TextKind = 'html', size = 1) {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  const { charset, text } = await decodeText(Readable.from(pieces), type, kind);
  let whole = '';
  for await (const piece of text) whole += piece;
  return { charset, text: whole };
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

test.each([
  ['x-euc-jp', 'euc-jp', '\xc6\xfc\xcb\xdc', '日本'],
  ['shift-jis', 'shift_jis', '\x93\xfa\x96\x7b', '日本'],
  ['iso-2022-jp', 'iso-2022-jp', '\x1b$BF|K\\\x1b(B', '日本'],
  ['koi8', 'koi8-r', '\xd0\xd2', 'пр'],
  ['x-mac-cyrillic', 'x-mac-cyrillic', '\x80', 'А'],
  ['x-cp1250', 'windows-1250', '\x9e', 'ž'],
  ['x-cp1251', 'windows-1251', '\xe6', 'ж'],
  ['sun_eu_greek', 'iso-8859-7', '\xe1', 'α'],
  ['csisolatin9', 'iso-8859-15', '\xa4', '€'],
  ['iso-8859-16', 'iso-8859-16', '\xaa', 'Ș'],
  ['latin1', 'windows-1252', '\x80', '€'],
  ['gb2312', 'gbk', '\xc8\xd5', '日'],
  ['big5-hkscs', 'big5', '\xa4\xe9', '日'],
  ['ks_c_5601-1987', 'euc-kr', '\xc0\xcf', '일'],
  ['iso-2022-kr', 'replacement', 'secret', '\ufffd'],
  [' UTF-8 ', 'utf-8', '\xc3\xbc', 'ü'],
])('the label %s is %s, in the header, a declaration and a late one', async (label, charset, bytes, text) => {
  const ofHeader = await read(latin1(bytes), `text/html; charset=${label.trim()}`);
  expect(ofHeader).toEqual({ charset, text });
  const meta = `<meta charset="${label}">`;
  const inFront = await read(latin1(`<!-- <meta charset=koi8-u> -->${meta}${bytes}`), 'text/html');
  expect(inFront.charset).toBe(charset);
  expect(inFront.text).toMatch(new RegExp(`${text}$`));
  const filler = `<!--${'x'.repeat(1500)}<meta charset=koi8-u>--><script>"<meta charset=koi8-u>"</script>`;
  const late = await read(latin1(`${filler}${meta}${bytes}`), undefined, 'html', 100);
  expect(late.charset).toBe(charset);
});

test.each([
  ['UTF-8 that nobody declares', 'Grüße – 日本', 'utf-8'],
  ['UTF-8 after much ASCII', `${'x'.repeat(200_000)}ü`, 'utf-8'],
])('%s is read as such', async (_, text, charset) => {
  expect(await read(Buffer.from(text), 'text/html', 'html', 4096)).toEqual({ charset, text });
});

test('what is not UTF-8 and declares nothing is windows-1252', async () => {
  expect(await read(latin1('\x80 caf\xe9'), 'text/html')).toEqual({
    charset: 'windows-1252',
    text: '€ café',
  });
  const far = await read(latin1(`${'x'.repeat(100_000)}\x80`), 'text/html; charset=nonsense', 'html', 4096);
  expect(far.text.at(-1)).toBe('€');
});

test('XML is UTF-8 unless its declaration or its first bytes say otherwise', async () => {
  expect((await read(Buffer.from('<a>ü</a>'), undefined, 'xml')).text).toBe('<a>ü</a>');
  const declared = latin1('<?xml version="1.0" encoding="iso-8859-2"?><a>\xb9</a>');
  expect((await read(declared, undefined, 'xml')).text).toContain('<a>š</a>');
  expect((await read(Buffer.from('<?xml version="1.0"?>ü', 'utf16le'), undefined, 'xml')).text).toContain(
    'ü',
  );
  expect((await read(Buffer.from('\ufeffü', 'utf16le'), 'text/html')).charset).toBe('utf-16le');
});
