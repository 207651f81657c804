// Whatever a page holds, what the device gets is well-formed and valid in its format, and fits.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COMPACT_PHONE,
  type DeviceProfile,
  HDML_PHONE,
  PAGER,
  PALM,
  WAP_PHONE,
} from '../../../../host/delegation/device.js';
import { hdmlErrors, html32Errors, wmlErrors } from './judges.js';
import { run } from './run.js';

const PAGES = 150;
const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']];

const TAGS =
  'p div h1 h6 ul ol li dl dt dd table tr td th pre blockquote b i em strong a form input select option optgroup textarea button label title base br hr img script style svg template body html head center caption'.split(
    ' ',
  );
const VALUES = [
  '',
  '#a',
  'a',
  '/x?y=1&z',
  'http://h/"<>',
  'javascript:x',
  '$(x)',
  '&amp;&#0;',
  ']]>',
  '"',
  "'",
  '\u0000',
  '\ud800',
  'é€😀',
  'radio',
  'checkbox',
  'hidden',
  'submit',
  'post',
  'a;b%',
];
const NAMES = [
  'href',
  'name',
  'id',
  'value',
  'type',
  'method',
  'action',
  'src',
  'alt',
  'checked',
  'multiple',
  'start',
  'hidden',
  'size',
  'maxlength',
];

const attribute = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary', maxLength: 12 })),
  )
  .map(([name, value]) => ` ${name}="${value.replace(/"/g, '&quot;')}"`);
const opening = fc
  .tuple(fc.constantFrom(...TAGS), fc.array(attribute, { maxLength: 4 }))
  .map(([name, attributes]) => `<${name}${attributes.join('')}>`);
const piece = fc.oneof(
  { weight: 4, arbitrary: opening },
  { weight: 3, arbitrary: fc.constantFrom(...TAGS).map((name) => `</${name}>`) },
  { weight: 3, arbitrary: fc.lorem({ maxCount: 12 }) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    ...VALUES,
    '<',
    '</',
    '<!--',
    '-->',
    '<![CDATA[',
    '<?xml?>',
    '&',
    '&#xFFFF;',
    '\u00ad',
    'x'.repeat(3000),
  ),
);
const page = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

/** The pages of one run, from the seed that it prints. */
function pages(): string[] {
  const seed = Number(process.env.DEPUTY_FUZZ_SEED ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  return fc.sample(page, { numRuns: PAGES, seed });
}

async function made(profile: DeviceProfile): Promise<{ page: string; text: string; bytes: Buffer }[]> {
  const all = [];
  for (const body of pages()) {
    const { text, bytes } = await run({ headers, body, profile: { ...profile, charset: 'utf-8' } });
    all.push({ page: body, text, bytes });
  }
  return all;
}

/** Names the first page that is judged ill, so that it can be looked at. */
function expectValid(all: { page: string; text: string }[], judge: (texts: string[]) => string): void {
  const said = judge(all.map(({ text }) => text));
  if (said === '') return;
  const ill = all.find(({ text }) => judge([text]) !== '')!;
  expect.fail(`${judge([ill.text])}\n${JSON.stringify(ill.page)}\n${ill.text}`);
}

const fitting = (all: { bytes: Buffer }[], memory: number) => {
  for (const { bytes } of all) expect(bytes.length).toBeLessThanOrEqual(memory * 1024);
};

describe(`${PAGES} pages of anything`, () => {
  test('are valid WML', async () => {
    const all = await made(WAP_PHONE);
    expectValid(all, wmlErrors);
    fitting(all, WAP_PHONE.memory);
  });

  test('are HDML by its grammar', async () => {
    const all = await made({ ...HDML_PHONE, pictures: ['image/gif'] });
    expectValid(all, hdmlErrors);
    fitting(all, HDML_PHONE.memory);
  });

  test('are valid HTML 3.2 as compact HTML', async () => {
    expectValid(await made(COMPACT_PHONE), html32Errors);
  });

  test('are text without controls that fits a pager', async () => {
    const all = await made(PAGER);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    for (const { text } of all) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    fitting(all, PAGER.memory);
  });

  test('are simplified HTML without scripts and handlers', async () => {
    for (const { text } of await made(PALM))
      expect(text).not.toMatch(/<(script|svg|iframe|style)|<[^>]*\son\w+=/i);
  });
});
