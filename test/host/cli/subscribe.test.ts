// `deputy subscribe` as a person or a script runs it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dailyWindow, hoursOf, interval } from '../../../host/cli/arguments.js';
import { run } from '../../../host/cli/command_line.js';
import { loadServices } from '../../../host/cli/services.js';
import { SILENT } from '../../../host/proxy/log.js';
import { TOKEN, World } from '../client/world.js';

let world: World;
let folder: string;
beforeEach(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-subscribe-'));
  await writeFile(join(folder, 'ca.pem'), world.authority.root.pem);
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  await world.close();
  await rm(folder, { recursive: true });
});

async function deputy(...args: string[]) {
  let [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += chunk;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += chunk;
    return true;
  });
  const code = await run(['subscribe', ...args]);
  vi.restoreAllMocks();
  process.exitCode = 0;
  return { code, out, err };
}

test('subscribes, lists, and takes back', async () => {
  const services = await loadServices({ cache: 'memory', prefetch: true }, SILENT);
  const { port } = await world.proxy({ services });
  const origin = await world.origin((_, response) => response.end('news\n'));
  const ca = join(folder, 'ca.pem');
  const proxy = [
    '--proxy',
    `localhost:${port}`,
    '--proxy-ca',
    ca,
    '--ca',
    ca,
    '--token',
    TOKEN,
    '--engine',
    'v8',
  ];
  // Node's tickets live for two hours.
  const made = await deputy(`${origin.url}/`, '--every', '1h', '--uses', '5', '--json', ...proxy);
  expect(made.err).toBe('');
  const { subscriptions } = JSON.parse(made.out);
  expect(subscriptions).toMatchObject([{ code: '', next: 3600, left: 5, fetched: [] }]);
  const [{ id }] = subscriptions;
  expect((await deputy('--list', ...proxy)).out).toMatch(
    new RegExp(`^${id}  next round in \\d+ s, 5 connections left`),
  );
  expect((await deputy('--end', id, ...proxy)).code).toBe(0);
  expect((await deputy('--list', ...proxy)).out).toContain('(REVOKED)');
  expect((await deputy('--list', ...proxy)).out).toBe('no subscriptions\n');
  const long = await deputy(`${origin.url}/`, '--every', '6h', '--json', ...proxy);
  expect(long.code).toBe(1);
  expect(JSON.parse(long.out)).toMatchObject({ ok: false, error: { code: 'TICKET_TOO_SHORT' } });
});

describe('wrong usage ends with status 2 and says what to do', () => {
  const proxy = ['--proxy', 'localhost:1', '--proxy-ca', 'ca.pem', '--ca', 'ca.pem'];
  test.each([
    [['https://a.test/'], '--proxy'],
    [[...proxy], 'name URLs'],
    [['https://a.test/', '--list', ...proxy], 'name URLs'],
    [['http://a.test/', ...proxy], 'https'],
    [['https://a.test/', '--every', 'often', ...proxy], '30m'],
    [['https://a.test/', '--uses', '0', ...proxy], 'whole number'],
    [['https://a.test/', '--window', 'night', ...proxy], '01:00-05:00'],
    [['--end', 'that-one', ...proxy], 'id'],
  ])('%j', async (args, hint) => {
    const { code, err } = await deputy(...args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
  });
});

test('a proxy that prefetches needs a cache, and one process', async () => {
  await expect(loadServices({ prefetch: true }, SILENT)).rejects.toMatchObject({ code: 'NO_CACHE' });
  await expect(loadServices({ prefetch: true, cache: 'memory', workers: 2 }, SILENT)).rejects.toMatchObject({
    code: 'BAD_OPTIONS',
  });
});

test('intervals and hours are read, and hours written again', () => {
  expect(['90s', '30m', '6h', '1d'].map(interval)).toEqual([90, 1800, 21_600, 86_400]);
  for (const text of ['', '6', '0h', '-1h', '8d', '1w']) expect(() => interval(text)).toThrow('Write');
  for (const text of ['01:00-05:00', '23:30-00:15', '00:00-23:59'])
    expect(hoursOf(dailyWindow(text))).toBe(text);
  expect(dailyWindow('23:30-00:15').minutes).toBe(45);
  expect(dailyWindow('03:00-03:00').minutes).toBe(1440);
  for (const text of ['', '1:00-5:00', '24:00-05:00', '01:00'])
    expect(() => dailyWindow(text)).toThrow('Write');
});
