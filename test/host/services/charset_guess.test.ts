// Pages that declare no character set are read as their writers read them, as browsers do.
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { guessedCharset } from '../../../host/services/charset_guess.js';
import { declaredCharset } from '../../../host/services/charset_sniffing.js';

const inPage = (text: string) =>
  `<html><head><title>Page</title></head><body><h1>News</h1><p class="text">${text}</p><a href="index.html">Home page</a>`;

test.each([
  ['shift_jis', '日本語のページです。こんにちは、世界。'],
  ['euc-jp', '日本語のページです。こんにちは、世界。'],
  ['gb18030', '你好世界。这是一个测试页面,北京是首都。'],
  ['big5', '你好世界。這是一個測試頁面,台北是首都。'],
  ['euc-kr', '안녕하세요. 이것은 테스트 페이지입니다.'],
  ['windows-1251', 'Привет мир. Это тестовая страница, Москва — столица России.'],
  ['koi8-r', 'Привет мир. Это тестовая страница, Москва — столица России.'],
  ['iso-8859-7', 'Γειά σου Κόσμε. Η Αθήνα είναι η πρωτεύουσα της Ελλάδας.'],
  ['windows-1255', 'שלום עולם. ירושלים היא בירת ישראל והעיר הגדולה ביותר.'],
  ['windows-1256', 'مرحبا بالعالم. القاهرة هي عاصمة مصر وأكبر مدنها.'],
])('%s', (charset, text) => {
  expect(guessedCharset(iconv.encode(inPage(text), charset), true)).toBe(charset);
});

test.each([
  'Grüße aus Köln, schöne Straße über die Brücke. Äpfel und Öl.',
  'Été à la plage, où êtes-vous? Ça va très bien, élève naïve.',
  '¿Dónde está el niño? Mañana será otro día, señor.',
  'Räksmörgås på ön, åäö är svenska bokstäver.',
  'Café',
  'Copyright © 2001 – “quotes” … £5 ½',
])('Latin letters with marks are left to the fallback: %s', (text) => {
  expect(guessedCharset(iconv.encode(inPage(text), 'windows-1252'), true)).toBeUndefined();
});

test('a broken character or a piece that ends within one leaves UTF-8 what it is', () => {
  const broken = Buffer.concat([Buffer.from('Grüße – 日本 '), Buffer.from([0xe9]), Buffer.from(' weiter')]);
  expect(guessedCharset(broken, true)).toBe('utf-8');
  expect(guessedCharset(Buffer.from('ü日').subarray(0, 4), false)).toBe('utf-8');
});

test('a declaration that a script writes, or that stands in a text, is none', () => {
  const declared = (html: string) => declaredCharset('text/html', Buffer.from(html), 'html');
  expect(declared(`<script>'<meta charset="koi8-r">'</script><meta charset=utf-8>`)).toBe('utf-8');
  expect(declared('<title><meta charset=koi8-r></title><STYLE><meta charset=big5></STYLE>')).toBeUndefined();
  expect(declared('<script src=x></script><meta charset=koi8-r>')).toBe('koi8-r');
});
