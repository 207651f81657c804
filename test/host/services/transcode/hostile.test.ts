// Pages made to exhaust the proxy: what they ask for is bounded.
import { describe, expect, test } from 'vitest';
import {
  COMPACT_PHONE,
  HANDHELD,
  HDML_PHONE,
  PAGER,
  PALM,
  PRESETS,
  WAP_PHONE,
} from '../../../../host/delegation/device.js';
import { takeOwnParameters } from '../../../../host/services/transcode/decks/address.js';
import { Copies, MAX_COPY } from '../../../../host/services/transcode/decks/copies.js';
import { browserSubmission } from '../../../../host/services/transcode/submission.js';
import { wmlErrors } from './judges.js';
import { run } from './run.js';

const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']];

describe('a page', () => {
  test.each([
    [
      'of choices with huge values',
      `<form action=/x><select name=s>${`<option value="${'v'.repeat(100_000)}">x`.repeat(50)}</select></form>`,
    ],
    ['of a million fields', `<form action=/x>${'<input name=a>'.repeat(100_000)}</form>`],
    [
      'of hidden fields larger than a deck',
      `<form action=/x>${`<input type=hidden name=h value="${'x'.repeat(900)}">`.repeat(50)}<p>text</form>`,
    ],
    ['of lists in lists', '<ul><li>'.repeat(50_000)],
    ['of unclosed emphasis', '<b><i>x'.repeat(50_000)],
    ['of places', `${'<a name=x>'.repeat(50_000)}y`],
    ['of links to places', `<a href="#${'p'.repeat(63)}">x</a>`.repeat(20_000)],
    ['of one word', 'x'.repeat(900_000)],
    ['with a title that never ends', `<title>${'x'.repeat(900_000)}`],
    ['with addresses larger than a deck', `<a href="/${'x'.repeat(2000)}">y</a>`.repeat(500)],
    ['of nothing', ''],
  ])('%s becomes decks that fit', async (_, body) => {
    for (const profile of [WAP_PHONE, HDML_PHONE, PAGER]) {
      for (const target of ['/', '/?deputy.deck=2', '/?deputy.deck=99999']) {
        const { text, bytes } = await run({ headers, body, profile, request: { target } });
        expect(bytes.length).toBeLessThanOrEqual(profile.memory * 1024);
        if (profile === WAP_PHONE) expect(wmlErrors([text])).toBe('');
      }
    }
    for (const profile of [COMPACT_PHONE, PALM]) {
      for (const target of ['/', '/?deputy.deck=2']) {
        const { bytes } = await run({ headers, body, profile, request: { target } });
        expect(bytes.length, profile.name).toBeLessThanOrEqual(profile.memory * 1024);
      }
    }
  });

  test('with tokens of any size shows what stands around them, in every format', async () => {
    const large = 'x'.repeat(3 << 20);
    const tokens = [
      `<!--${large}-->`,
      `<script>${large}</script>`,
      `<a href="${large}">`,
      `<i ${large}>`,
      `<img src="data:image/png;base64,${large}">`,
      `<${large}>`,
      `<i ${'a=1 '.repeat(500_000)}>`,
      `<!${large}>`,
      `<style>${large}</style>`,
    ];
    for (const profile of PRESETS.values()) {
      for (const token of tokens) {
        const { text } = await run({ headers, body: `<p>before ${token} after`, profile });
        expect(text.replace(/x{9,}/g, ''), `${profile.name} ${token.slice(0, 9)}`).toMatch(
          /before[\s\S]*after/,
        );
        expect(text.length).toBeLessThan(profile.styles && token.startsWith('<style') ? 300_000 : 2000);
      }
      const { text } = await run({ headers, body: `<p>before</p><a href="${large}`, profile });
      expect(text).toContain('before');
    }
  });

  test('that asks for a screen and a memory without end gets neither', async () => {
    const profile = { ...HANDHELD, screenWidth: 65_535, screenHeight: 65_535, memory: 2 ** 32 - 1 };
    const { text } = await run({ headers, body: '<p>x<img src="https://s.example/p" alt="y">', profile });
    expect(text).toContain('refused by the policy');
  });
});

test('parameters that are not quite ours go on to the origin', () => {
  for (const target of [
    '/x?deputy.deck=0',
    '/x?deputy.deck=1e9',
    '/x?deputy.deckx=1',
    '/x?a=deputy.deck=1',
    '/deputy.deck=2',
    '/x?deputy.kept=zz.1',
    '/x?deputy.deck=2.short',
  ])
    expect(takeOwnParameters(target).target).toBe(target);
  expect(takeOwnParameters('/x?deputy.at=%E0%A4%A').wanted).toEqual({ anchor: '%E0%A4%A' });
});

test('field names that only begin like ours lose nothing but that', () => {
  expect(browserSubmission('a=1&b=2')).toBeUndefined();
  expect(browserSubmission('deputy.x=1&deputy.o.=&deputy.m=3&deputy.d.x=&deputy.o')).toBe(
    'deputy.x=1&deputy.m=3&deputy.d.x=&deputy.o',
  );
});

test('copies are bounded in size, number and time, and nobody else gets them', () => {
  let now = 0;
  const copies = new Copies(() => now);
  const copy = (bytes: number) => ({ parts: [['x']], places: new Map(), bytes });
  copies.keep('large', 'me', copy(MAX_COPY + 1));
  expect(copies.find('large', 'me')).toBeUndefined();
  const theirs = copy(MAX_COPY);
  copies.keep('theirs', 'you', theirs);
  for (let i = 0; i < 200; i++) copies.keep(`k${i}`, 'me', copy(MAX_COPY));
  expect(copies.find('k0', 'me')).toBeUndefined();
  expect(copies.find('k199', 'me')).toBeDefined();
  expect(copies.find('k199', 'you')).toBeUndefined();
  // Many of one client push out none of another.
  expect(copies.find('theirs', 'you')).toBe(theirs);
  now = 21 * 60_000;
  expect(copies.find('k199', 'me')).toBeUndefined();
});
