import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { beforeEach, describe, expect, test } from 'vitest';
import { Browser } from '../../../../boards/common/screen/browser.js';
import { KEYS, type Key } from '../../../../boards/common/screen/screen.js';
import { parseUrl } from '../../../../boards/common/url.js';
import { DeputyError } from '../../../../host/delegation/error.js';
import { Grant } from '../../../../host/delegation/grant.js';
import { HeaderList } from '../../../../host/http/header_list.js';
import type { CancelSignal } from '../../../../host/platform/platform.js';
import { Paper } from './paper.js';

type Answer =
  | { type?: string; body: AsyncIterable<Uint8Array> | string | Uint8Array; status?: number }
  | Error;

const lines = (count: number) => Array.from({ length: count }, (_, i) => `<p>line ${i}</p>`).join('');

describe('the browser', () => {
  let paper: Paper;
  let answers: Map<string, Answer>;
  let asked: { url: string; signal: CancelSignal }[];
  let shown: { url: string; error: unknown }[];
  let timers: (() => void)[];
  let browser: Browser;
  beforeEach(() => {
    paper = new Paper();
    answers = new Map();
    asked = [];
    shown = [];
    timers = [];
    const client = {
      async request(url: string, { signal }: { signal: CancelSignal }) {
        asked.push({ url, signal });
        const answer =
          answers.get(url) ?? new DeputyError('POLICY_DENIED', 'the policy knows no such origin');
        if (answer instanceof Error) throw answer;
        const { type = 'text/html', body, status = 200 } = answer;
        const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
        const whole = (async function* () {
          yield bytes as Uint8Array;
        })();
        return {
          url,
          status,
          headers: new HeaderList([['content-type', type]]),
          session: { grant: Grant.Session },
          body: bytes instanceof Uint8Array ? whole : bytes,
        };
      },
    } as unknown as ConstructorParameters<typeof Browser>[0]['client'];
    const setTimer = (_: number, callback: () => void) => {
      timers.push(callback);
      return () => void timers.splice(timers.indexOf(callback), 1);
    };
    const onShown = (url: string, error: unknown) => void shown.push({ url, error });
    browser = new Browser({ client, platform: { parseUrl, setTimer }, screen: paper, onShown });
  });

  const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
  const at = (path: string) => `https://example.com${path}`;
  const open = async (path: string) => {
    const ended = browser.run(at(path));
    await settled();
    return ended;
  };
  /** Presses keys, and gives what the screen then shows. */
  const press = async (...keys: Key[]) => {
    await settled();
    for (const key of keys) {
      browser.press(key);
      await settled();
    }
    return createHash('sha256').update(paper.pixels).digest('hex');
  };
  /** Rows of the page in which something is drawn. */
  const inkedRows = () => {
    const rows = [];
    for (let y = 20; y < 304; y++)
      if (paper.pixels.subarray(y * 320, y * 320 + 300).some((pixel) => pixel !== 0xffff)) rows.push(y);
    return rows;
  };

  test('draws a page while it comes in', async () => {
    let goOn = () => {};
    const encode = (text: string) => new TextEncoder().encode(text);
    answers.set(at('/'), {
      body: (async function* () {
        yield encode('<p>first</p><p>sec');
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        yield encode('ond</p>');
      })(),
    });
    void open('/');
    await settled();
    const before = inkedRows();
    expect(before.length).toBeGreaterThan(5);
    expect(shown).toEqual([]);
    goOn();
    await settled();
    expect(inkedRows().length).toBeGreaterThan(before.length);
    expect(shown).toEqual([{ url: at('/'), error: undefined }]);
  });

  test('scrolls down to the end and back to the same picture', async () => {
    answers.set(at('/'), { body: lines(60) });
    void open('/');
    const first = await press();
    const second = await press('down');
    expect(second).not.toEqual(first);
    const last = await press(...Array<Key>(20).fill('down'));
    expect(await press('down')).toEqual(last);
    expect(await press(...Array<Key>(30).fill('up'))).toEqual(first);
    expect(await press('down')).toEqual(second);
  });

  test('chooses links, follows them, and comes back to where it was', async () => {
    answers.set(at('/a/'), { body: `${lines(30)}<a href="b?c">one</a> <a href="#top">two</a>` });
    answers.set(at('/a/b?c'), { body: '<h1 id="x">B</h1>' });
    void open('/a/');
    const top = await press();
    await press('right', 'right');
    const chosen = await press();
    expect(chosen).not.toEqual(top);
    await press('select');
    expect(asked.map(({ url }) => url)).toEqual([at('/a/'), at('/a/b?c')]);
    await press('back');
    expect(asked.at(-1)!.url).toBe(at('/a/'));
    const back = await press();
    expect(back).not.toEqual(top);
    expect(await press(...Array<Key>(9).fill('up'))).toEqual(top);
  });

  test('jumps within a page', async () => {
    answers.set(at('/'), { body: `<a href="#far">go</a>${lines(40)}<p id="far">here</p>${lines(40)}` });
    void open('/');
    const first = await press('right');
    expect(await press('select')).not.toEqual(first);
    expect(asked).toHaveLength(1);
  });

  test('gives a page up for the next one', async () => {
    answers.set(at('/'), { body: '<a href="/slow">slow</a>' });
    answers.set(at('/slow'), {
      body: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
    });
    void open('/');
    await press('right', 'select');
    await press('back');
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
    expect(shown.map(({ url }) => url)).toEqual([at('/'), at('/')]);
  });

  test('explains what went wrong, and tries again', async () => {
    void open('/');
    const explained = await press();
    expect(shown[0]!.error).toMatchObject({ code: 'POLICY_DENIED' });
    expect(inkedRows().length).toBeGreaterThan(40);
    answers.set(at('/'), { body: '<p>now' });
    expect(await press('reload')).not.toEqual(explained);
    expect(shown[1]).toEqual({ url: at('/'), error: undefined });
  });

  test('shows plain text and pictures, and says what it can not show', async () => {
    const png = await sharp({ create: { width: 50, height: 40, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer();
    await paper.prepare(`data:image/png;base64,${png.toString('base64')}`);
    answers.set(at('/t'), { type: 'text/plain; charset=utf-8', body: 'a <b>\n  c' });
    void open('/t');
    await press();
    expect(shown[0]!.error).toBeUndefined();
    answers.set(at('/t'), { type: 'image/png', body: png });
    await press('reload');
    expect(paper.pixels.filter((pixel) => pixel === 0xf800)).toHaveLength(50 * 40);
    answers.set(at('/t'), { type: 'application/zip', body: '' });
    await press('reload');
    expect(`${shown[2]!.error}`).toBe('Error: this device shows no application/zip');
  });

  test('reads its keys from the screen, and ends by one', async () => {
    answers.set(at('/'), { body: lines(60) });
    const ended = open('/');
    await settled();
    const first = await press();
    paper.keys.push(KEYS.indexOf('down'), KEYS.indexOf('quit'));
    timers[0]!();
    await ended;
    expect(await press()).not.toEqual(first);
    expect(asked[0]!.signal.aborted).toBe(true);
  });
});
