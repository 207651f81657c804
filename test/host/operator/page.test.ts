// The operator's page in a browser: live, harmless whatever names it shows, usable by keyboard and on a phone.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodePlatform } from '../../../host/index.js';
import { operatedProxy } from '../../../host/operator/operated.js';
import { operatorServer } from '../../../host/operator/server.js';
import { buildCommand } from '../../interop/command.js';
import { World } from '../client/world.js';
import { aSession, aView, Desk, openBrowser } from './desk.js';

let browser: Browser;
let pictures: string;
const open: { close(): Promise<unknown> }[] = [];
beforeAll(async () => {
  buildCommand();
  browser = await openBrowser();
  pictures = process.env.DEPUTY_PICTURES ?? (await mkdtemp(join(tmpdir(), 'deputy-page-')));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});
afterAll(() => browser?.close());

/** The page at `url`, and all that went wrong in it. */
async function visit(
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1180, height: 900 }, ...options });
  open.push(context);
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('dialog', (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await page.locator('.dot.on').waitFor();
  return { page, wrong };
}

async function desk(view = aView()): Promise<Desk> {
  const made = await Desk.open(view);
  open.push(made.server);
  return made;
}

const manySessions = () => {
  const now = Date.now();
  const hosts = ['www.railways.example', 'mail.example', 'news.example', 'bank.example', 'maps.example'];
  const grants = ['session', 'full', 'observe', 'resume', ''];
  return hosts.map((host, i) =>
    aSession({
      id: `${i}`.repeat(32),
      host,
      grant: grants[i]!,
      state: grants[i] === '' ? 'relaying' : 'active',
      device: grants[i] === '' ? '' : ['palm', 'wap', 'pager', 'feature-phone'][i]!,
      client: i % 2 === 0 ? 'token:phone' : 'certificate:device 7:3f9a',
      since: now - 4 ** i * 7000,
      requests: i === 4 ? 0 : 4 ** i,
      latest: i === 4 ? '' : `GET /${['timetable', 'inbox', 'today', 'account'][i]}`,
      clientBytes: 9 ** i * 1700,
    }),
  );
};

const busy = () =>
  aView({
    sessions: manySessions(),
    sessionCount: 5,
    mainSessions: 3,
    requests: 1234,
    bytesBefore: 48_200_000,
    bytesAfter: 6_310_000,
    sites: [
      { host: 'news.example', responses: 412, bytesBefore: 31_000_000, bytesAfter: 2_900_000 },
      { host: 'www.railways.example', responses: 96, bytesBefore: 11_400_000, bytesAfter: 1_300_000 },
      { host: 'mail.example', responses: 240, bytesBefore: 5_800_000, bytesAfter: 2_110_000 },
    ],
    failures: [
      { at: Date.now() - 61_000, client: 'token:pager', host: 'old.example:443', code: 'BAD_RECORD_MAC' },
    ],
    audit: {
      heads: ['6b1e0c3a9d'.repeat(6)],
      entries: [
        { at: Date.now() - 9000, text: 'token:phone GET https://news.example/today 200 transcode' },
        { at: Date.now() - 4000, text: 'token:phone GET https://mail.example/inbox 200' },
      ],
    },
    workers: 2,
  });

describe('the page', () => {
  test('shows sessions, savings, failures and the audit trail, light and dark', async () => {
    const { server } = await desk(busy());
    const { page, wrong } = await visit(server.url);
    expect(await page.locator('.session').count()).toBe(5);
    expect(await page.locator('#saved').textContent()).toBe('41.9 MB');
    expect(await page.locator('#saved-share').textContent()).toContain('87 %');
    expect(await page.locator('#site-list li').first().textContent()).toContain('news.example');
    expect(await page.locator('#failure-list').textContent()).toContain('BAD_RECORD_MAC');
    expect(await page.locator('#heads').textContent()).toContain('6b1e0c3a9d');
    // The newest first.
    expect(await page.locator('#audit-list li').first().textContent()).toContain('mail.example');
    // The token is in no address that the browser keeps.
    expect(page.url()).not.toContain('token');
    await page.screenshot({ path: join(pictures, 'light.png'), fullPage: true });
    await page.locator('#theme').click();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.screenshot({ path: join(pictures, 'dark.png'), fullPage: true });
    expect(wrong).toEqual([]);
  });

  test('follows what happens without being asked', async () => {
    const made = await desk(aView({ sessions: [], sessionCount: 0 }));
    const { page } = await visit(made.server.url);
    expect(await page.locator('#no-sessions').isVisible()).toBe(true);
    made.view_ = aView();
    await page.locator('.session').waitFor();
    expect(await page.locator('#no-sessions').isVisible()).toBe(false);
    made.view_ = aView({ stopping: true });
    await page.locator('.dot.stopping').waitFor();
    await made.server.close();
    await page.locator('.dot.lost').waitFor();
  });

  test('fits on a phone, dark where the system is', async () => {
    const { server } = await desk(busy());
    const options = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' as const };
    const { page } = await visit(server.url, options);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.screenshot({ path: join(pictures, 'phone.png'), fullPage: true });
  });
});

describe('ending a session', () => {
  test('by keyboard alone, after a question', async () => {
    const made = await desk(busy());
    const { page, wrong } = await visit(made.server.url);
    const button = page.locator('.session button').nth(1);
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('dialog').isVisible()).toBe(true);
    expect(await page.locator('#which').textContent()).toBe('mail.example:443');
    await page.screenshot({ path: join(pictures, 'question.png') });
    // The answer that changes nothing is the one at hand.
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(made.ended).toEqual([]);
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(made.ended).toEqual([]);
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => made.ended).toEqual(['1'.repeat(32)]);
    await expect.poll(() => page.locator('.session').count()).toBe(4);
    expect(wrong).toEqual([]);
  });

  test('of a real client: it learns so, and its next request opens another', async () => {
    const world = await World.create();
    open.push(world);
    const origin = await world.origin((_, response) => response.end('a page'));
    const { server: proxy, port } = await world.proxy();
    const operated = operatedProxy(proxy, { version: '0', listening: `:${port}`, isStopping: () => false });
    const server = await operatorServer(operated, { host: '127.0.0.1', port: 0 });
    open.push(server);
    const { page } = await visit(server.url);
    const client = world.through({ port }, { platform: nodePlatform({ engine: 'v8' }) });
    expect(await (await client.fetch(`${origin.url}/inbox?key=hidden`)).text()).toBe('a page');
    const row = page.locator('.session');
    await row.waitFor();
    expect(await row.textContent()).toMatch(/localhost:\d+GET \/inbox\?…token:testshandheldsession/);
    await row.locator('button').click();
    await page.locator('dialog button.danger').click();
    await expect.poll(() => row.count()).toBe(0);
    expect(proxy.sessionCount).toBe(0);
    expect(await (await client.fetch(origin.url)).text()).toBe('a page');
    await expect.poll(() => row.count()).toBe(1);
  });
});

test('hostile names, addresses and codes are shown as text', async () => {
  const hostile = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>&lt;javascript:alert(3)`;
  const { server } = await desk(
    aView({
      sessions: [
        aSession({
          client: hostile,
          device: hostile,
          host: hostile,
          latest: `GET /${hostile}`,
          grant: hostile,
          state: hostile,
          suite: hostile,
        }),
      ],
      sites: [{ host: hostile, responses: 1, bytesBefore: 2, bytesAfter: 1 }],
      failures: [{ at: Date.now(), client: hostile, host: hostile, code: hostile }],
      audit: { heads: [hostile], entries: [{ at: Date.now(), text: hostile }] },
      version: hostile,
      listening: hostile,
    }),
  );
  const { page, wrong } = await visit(server.url);
  for (const place of [
    '.origin',
    '.latest',
    '.client',
    '.device',
    '.badge',
    '#site-list',
    '#failure-list',
    '#heads',
    '#audit-list',
    '#status',
  ])
    expect(await page.locator(place).first().textContent(), place).toContain(hostile);
  await page.locator('.session button').click();
  expect(await page.locator('#which').textContent()).toContain(hostile);
  expect(await page.locator('main img, main script, dialog img, dialog script').count()).toBe(0);
  expect(wrong).toEqual([]);
});
