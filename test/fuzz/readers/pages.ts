// Pages of the web as the transcoder reads them, and what it makes of them as the device does.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PageBuilder } from '../../../boards/common/screen/page_builder.js';
import { Pictures } from '../../../boards/common/screen/pictures.js';
import { Utf8Stream } from '../../../boards/common/screen/utf8_stream.js';
import { PRESETS } from '../../../host/delegation/device.js';
import { run } from '../../host/services/transcode/run.js';
import { must, type Reader } from './reader.js';

const profiles = [...PRESETS.values()];
const corpus = new URL('../../test/fuzz/corpus/pages/', import.meta.url);

async function seeds(): Promise<Uint8Array[]> {
  const names = await readdir(corpus);
  return Promise.all(names.sort().map((name) => readFile(fileURLToPath(new URL(name, corpus)))));
}

const words = [
  ...'html head body p div h1 ul ol li dl dt dd table tr td th caption pre a b i form input select option optgroup'.split(
    ' ',
  ),
  ...'textarea button label title base br hr img script style svg math template frameset iframe map area meta'.split(
    ' ',
  ),
].flatMap((name) => [`<${name}>`, `</${name}>`, `<${name} `]);
const attributes = [
  ...[
    'href="',
    'src="',
    'name="',
    'id="',
    'value="',
    'type="',
    'colspan="9999999"',
    'rowspan="0"',
    'charset="',
  ],
  ...[
    '"',
    "'",
    '>',
    '<',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&#0;',
    '&#x110000;',
    '&',
    ';',
    '\0',
    '\ufeff',
  ],
  ...['javascript:', 'data:image/png;base64,', '$(x)', 'http://', '//', '\xff', '\xe2\x82', '\u202e', '😀'],
];

/** Whole characters of ten pixels and no pictures: the layout needs no more of a screen. */
const screen = {
  ascent: () => 9,
  descent: () => 3,
  measure: (_font: number, text: string) => 10 * [...text].length,
  base64: (text: string) => Buffer.from(text, 'base64'),
  decode: () => {
    throw new Error('it is no picture');
  },
};

function show(bytes: Uint8Array, size: number): string {
  const builder = new PageBuilder(screen, 304, new Pictures(screen, 304, 568));
  const text = new Utf8Stream((whole) => Buffer.from(whole).toString());
  for (let at = 0; at < bytes.length; at += size) builder.write(text.write(bytes.subarray(at, at + size)));
  builder.write(text.end());
  builder.end();
  return JSON.stringify(builder.page.items);
}

export const pages: Reader = {
  name: 'pages',
  about: 'HTML, as the transcoder reads it for each kind of device',
  seeds,
  words: [...words, ...attributes],
  async read(input) {
    const profile = profiles[(input[0] ?? 0) % profiles.length];
    const headers: [string, string][] = [['Content-Type', 'text/html']];
    const page = { headers, body: input.subarray(1), ...(profile && { profile }) };
    const ran = await run(page);
    // A device is small: what it gets never grows beyond what markup and escapes can make of the page.
    must(ran.bytes.length <= 64 * input.length + 16_384, `${input.length} bytes became ${ran.bytes.length}`);
  },
};

export const decks: Reader = {
  name: 'decks',
  about: "what the device's own browser reads: simplified pages, laid out whole and in pieces",
  seeds,
  words: [...words, ...attributes],
  read(input) {
    const whole = show(input, input.length || 1);
    must(whole === show(input, 5), 'the cuts of a page change its layout');
  },
};
