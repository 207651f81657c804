// A page that hangs, crashes, hoards or asks for too much comes as it is, the log says so, and the next one is rendered.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { render } from '../../../../host/services/render/index.js';
import { treeSize } from '../../../../host/services/render/process_tree.js';
import type { Service } from '../../../../host/services/service.js';
import { CHROMIUM, type Origin, type Rendering, startOrigin, startRendering } from './world.js';

const absent = !existsSync(CHROMIUM);
const write = (text: string) => `document.getElementById('app').textContent = ${text};`;
const PAGES: Record<string, string> = {
  '/good': write("'It is rendered.'"),
  '/hang': 'while (true) {}',
  '/late': `${write("'first'")} setTimeout(() => { ${write("'second'")} }, 250);`,
  '/restless': `setInterval(() => { ${write('"restless " + performance.now()')} }, 20);`,
  '/greedy': `const all = []; ${write("'greedy'")} for (let i = 0; i < 400; i++) all.push(fetch('/part/' + i).catch(() => 0)); await Promise.all(all); ${write('"asked for all"')}`,
  '/hoard': 'const hoard = []; while (true) hoard.push(new Uint8Array(8 << 20).fill(7));',
  '/huge': `document.body.innerHTML = '<p>' + 'huge '.repeat(2e6);`,
  '/dialog': `alert('x'); ${write("'after ' + confirm('y') + prompt('z')")}`,
  '/elsewhere': `setTimeout(() => { location.href = 'https://other.test/'; }, 50); ${write("'still here'")}`,
  '/moved': `if (!location.search) location.href = '/moved?1'; else ${write("'moved'")}`,
  '/remember': `${write("'before: ' + (localStorage.getItem('x') ?? 'nothing') + ' ' + document.cookie")} localStorage.setItem('x', 'kept'); document.cookie = 'mine=1';`,
  '/shadow': `const host = document.getElementById('app'); host.innerHTML = '<b>slotted</b>'; host.attachShadow({ mode: 'open' }).innerHTML = '<p>in the shadow <slot></slot></p>';`,
  '/address': `history.pushState(null, '', '/deep/er/'); document.body.insertAdjacentHTML('beforeend', '<a href="next">next</a>'); ${write("'an address of its own'")}`,
};

describe.skipIf(absent)(`a browser${absent ? ' (skipped: no Chromium)' : ''}`, () => {
  let origin: Origin;
  let rendering: Rendering | undefined;
  beforeAll(async () => {
    origin = await startOrigin((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'https://x');
      const script = PAGES[pathname];
      const text =
        pathname === '/text'
          ? '<p>A page that says something of its own, before any script has run.</p>'
          : '';
      response.writeHead(200, { 'Content-Type': 'text/html' });
      const run = script ?? write("'rendered for its host'");
      response.end(
        `<!doctype html><body><div id=app></div>${text}<i>as it is</i><script type=module>${run}</script>`,
      );
    });
  });
  afterEach(async () => {
    await rendering?.close();
    rendering = undefined;
  });
  afterAll(() => origin?.close());

  const ask = (path: string) => rendering!.client()(origin.url + path);
  const AS_IT_IS = /^(?!.*rendered).*as it is/s;

  test('waits until nothing changes, or for half of its time', async () => {
    rendering = await startRendering({ limits: { time: 8000 } });
    expect(await ask('/late')).toContain('second');
    expect(await ask('/restless')).toMatch(/restless \d/);
    expect(rendering.warnings).toEqual([]);
  });

  test('shows what is in shadows, where it is, and what dialogs keep waiting', async () => {
    rendering = await startRendering();
    expect(await ask('/shadow')).toMatch(/in the shadow\s*(?:<b>)?slotted/);
    expect(await ask('/dialog')).toContain('after falsenull');
    expect(await ask('/address')).toMatch(
      /<base href="[^"]*\/deep\/er\/">.*href="next"|href="[^"]*\/deep\/er\/next"/s,
    );
    expect(await ask('/moved')).toContain('moved');
    expect(await ask('/elsewhere')).toContain('still here');
    expect(rendering.warnings).toEqual([]);
  });

  test('gives up a page that hangs', async () => {
    rendering = await startRendering({ limits: { time: 3000 } });
    expect(await ask('/hang')).toMatch(AS_IT_IS);
    expect(rendering.warnings.join()).toContain('the page comes as it is');
    await expect.poll(() => ask('/good'), { timeout: 20_000, interval: 500 }).toContain('It is rendered.');
  });

  test('answers so many requests and no more', async () => {
    rendering = await startRendering({ limits: { requests: 20 } });
    origin.requests.length = 0;
    expect(await ask('/greedy')).toContain('asked for all');
    expect(origin.requests.filter(({ url }) => url?.startsWith('/part/')).length).toBe(20);
  });

  test('hands out so much text and no more', async () => {
    rendering = await startRendering();
    expect(await ask('/huge')).toMatch(AS_IT_IS);
    expect(rendering.warnings.join()).toContain('it is too large');
  });

  test('is ended where it takes too much memory, and is there again', async () => {
    rendering = await startRendering({ limits: { memory: 600 << 20, time: 20_000 } });
    expect(await ask('/good')).toContain('It is rendered.');
    expect(await ask('/hoard')).toMatch(AS_IT_IS);
    expect(rendering.warnings.join()).toMatch(/holds more than 600 MiB|the page has crashed/);
    await expect.poll(() => ask('/good'), { timeout: 20_000, interval: 500 }).toContain('It is rendered.');
  });

  test('is ended where it has too many processes', async () => {
    rendering = await startRendering({ limits: { processes: 1 } });
    expect(await ask('/restless')).toMatch(AS_IT_IS);
    expect(rendering.warnings.join()).toContain('it has more than 1 processes');
  });

  test('keeps what a page left for its session alone, and gives it up with that', async () => {
    rendering = await startRendering();
    const ann = rendering.client();
    const bob = rendering.client();
    const remembered = async (ask: typeof ann) =>
      /before: \S* ?\S*/.exec(await ask(`${origin.url}/remember`))![0].trim();
    expect(await remembered(ann)).toContain('before: nothing');
    expect(await remembered(bob)).toContain('before: nothing');
    expect(rendering.warnings).toEqual([]);
  });

  test('gets nothing of the surroundings of the proxy, and leaves nothing behind', async () => {
    const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('deputy-browser-'));
    const before = await left();
    rendering = await startRendering();
    expect(await ask('/good')).toContain('It is rendered.');
    const homes = (await left()).filter((name) => !before.includes(name));
    expect(homes.length).toBe(1);
    const pid = await readFile(join(tmpdir(), homes[0]!, 'pid'), 'utf8');
    const surroundings = await readFile(`/proc/${pid.trim()}/environ`, 'utf8');
    const names = surroundings.split('\0').map((each) => each.split('=')[0]!);
    expect(names).toContain('HOME');
    expect(names.filter((name) => /^(?:npm|VITEST|NODE|SECRET)/i.test(name))).toEqual([]);
    await rendering.close();
    expect((await left()).filter((name) => homes.includes(name))).toEqual([]);
    await expect.poll(() => treeSize(Number(pid)), { timeout: 10_000 }).toBeUndefined();
  });

  test('that is none leaves pages as they are', async () => {
    rendering = await startRendering({ executable: '/bin/false' });
    expect(await ask('/good')).toMatch(AS_IT_IS);
    expect(rendering.warnings.join()).toContain('could not be rendered');
  });

  test('renders what is empty without scripts; all of a host that is listed; all where it is told', async () => {
    rendering = await startRendering();
    expect(await ask('/text')).toMatch(AS_IT_IS);
    await rendering.close();
    rendering = await startRendering({ hosts: ['localhost'] });
    expect(await ask('/text')).toContain('rendered for its host');
    await rendering.close();
    rendering = await startRendering({ always: true });
    expect(await ask('/text')).toContain('rendered for its host');
  });
});

test('a tree of processes is measured', async () => {
  const size = await treeSize(process.pid);
  expect(size!.processes).toBeGreaterThanOrEqual(1);
  expect(size!.memory).toBeGreaterThan(10 << 20);
  expect(await treeSize(2 ** 30)).toBeUndefined();
});

test('a browser that was never needed costs nothing', async () => {
  const service: Service = render({ executable: '/nowhere', log: { warn() {} } });
  await service.sessionClosed!('00');
  await service.close!();
});
