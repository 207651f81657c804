// Pages made to exhaust the proxy: what they ask for is bounded.
import { describe, expect, test } from 'vitest';
import {
  COMPACT_PHONE,
  HANDHELD,
  HDML_PHONE,
  PAGER,
  PRESETS,
  WAP_PHONE,
} from '../../../../host/delegation/device.js';
import { takeOwnParameters } from '../../../../host/services/transcode/decks/address.js';
import { KeptDecks, MAX_KEPT } from '../../../../host/services/transcode/decks/kept.js';
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
    const whole = await run({ headers, body, profile: COMPACT_PHONE });
    expect(whole.bytes.length).toBeLessThan(4 * body.length + 1000);
  });

  test('with a tag that never ends is refused in every format', async () => {
    const body = `<p>before</p><a href="${'x'.repeat(3 << 20)}`;
    for (const { markup, ...rest } of PRESETS.values()) {
      // A device whose first part is complete before the tag gets that part.
      const profile = { ...rest, markup, memory: 64 };
      await expect(run({ headers, body, profile }), markup[0]).rejects.toMatchObject({
        code: 'TRANSCODE_HTML',
      });
    }
  });

  test('that asks for a screen and a memory without end gets neither', async () => {
    const profile = { ...HANDHELD, screenWidth: 65_535, screenHeight: 65_535, memory: 2 ** 32 - 1 };
    const { text } = await run({ headers, body: '<p>x<img src="https://s.example/p">', profile });
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

test('kept decks are bounded in size, number and time, and nobody else gets them', () => {
  let now = 0;
  const kept = new KeptDecks(() => now);
  const deck = new Uint8Array(MAX_KEPT - 1);
  kept.keep('large', 'me', [new Uint8Array(MAX_KEPT + 1)]);
  expect(kept.find('large', 'me', 2)).toBeUndefined();
  for (let i = 0; i < 200; i++) kept.keep(`k${i}`, 'me', [deck]);
  expect(kept.find('k0', 'me', 2)).toBeUndefined();
  expect(kept.find('k199', 'me', 2)).toBe(deck);
  expect(kept.find('k199', 'you', 2)).toBeUndefined();
  expect(kept.find('k199', 'me', 3)).toBeUndefined();
  now = 11 * 60_000;
  expect(kept.find('k199', 'me', 2)).toBeUndefined();
});
