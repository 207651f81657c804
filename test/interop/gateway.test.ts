// Real browsers at `deputy gateway`: none of them can do the site's TLS through this proxy setting, and each reads a site of
// three origins with a login, a form, a redirect, a download and pictures.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestOrigin, World } from '../host/client/world.js';
import { Command, run } from './command.js';
import { startProxyCommand } from './proxy_command.js';

const TOKEN = 'a-token-of-the-gateway';
let world: World;
let folder: string;
let site: TestOrigin;
let pictures: TestOrigin;
let account: TestOrigin;
let gateway: { command: Command; port: number };
let proxyPort: number;

const page = (title: string, body: string) =>
  `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;

beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-gateway-'));
  const red = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#ff0000' } })
    .jpeg()
    .toBuffer();
  pictures = await world.origin((_, response) => {
    response.setHeader('Content-Type', 'image/jpeg');
    response.end(red);
  });
  account = await world.origin((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    if (request.url === '/login' && request.method === 'POST') {
      response.setHeader('Set-Cookie', 'session=anna; Secure; HttpOnly; SameSite=Lax; Path=/');
      response.statusCode = 303;
      response.setHeader('Location', '/inside');
      return response.end();
    }
    const isIn = /session=anna/.test(request.headers.cookie ?? '');
    return response.end(page(isIn ? 'Inside' : 'Outside', `<a href="${site.url}/">back to the front</a>`));
  });
  site = await world.origin((request, response) => {
    if (request.url === '/old') {
      response.statusCode = 301;
      response.setHeader('Location', `${account.url}/inside`);
      return response.end();
    }
    if (request.url === '/file.bin') {
      response.setHeader('Content-Disposition', 'attachment; filename=file.bin');
      response.setHeader('Content-Type', 'application/octet-stream');
      return response.end(Buffer.alloc(5000, 0xee));
    }
    response.setHeader('Content-Type', 'text/html');
    return response.end(
      page(
        'The Harbour News',
        `<p>Read by an old browser.</p><img src="${pictures.url}/red.jpg" alt="red" width=60 height=40>
         <form method=post action="${account.url}/login"><input name=who><input type=submit value="Log in"></form>
         <a href="${account.url}/inside">account</a>`,
      ),
    );
  });
  const proxy = await startProxyCommand({
    authority: world.authority,
    folder,
    tokens: { tests: TOKEN },
    args: ['--service', 'transcode'],
  });
  proxyPort = proxy.port;
  world.onClose(() => proxy.command.stop());
  await writeFile(join(folder, 'roots.pem'), world.authority.root.pem);
  gateway = await start([]);
}, 120_000);
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(args: string[]): Promise<{ command: Command; port: number }> {
  const roots = join(folder, 'roots.pem');
  const command = Command.start([
    ...['gateway', '--listen', '127.0.0.1:0', '--proxy', `localhost:${proxyPort}`, '--proxy-ca', roots],
    ...['--ca', roots, '--token', TOKEN, '--allow-target', '127.0.0.0/8', ...args],
  ]);
  world.onClose(() => command.stop());
  const [, port] = await command.says(/gateway ready on 127\.0\.0\.1:(\d+)/);
  return { command, port: Number(port) };
}

const plain = (origin: TestOrigin, path = '/') => `http://localhost:${origin.port}${path}`;
const asProxy = () => `http://127.0.0.1:${gateway.port}`;

describe('curl of HTTP/1.0', () => {
  const curl = (...args: string[]) =>
    run('curl', ['-sS', '-0', '--noproxy', '', '-x', asProxy(), '--max-time', '20', ...args]);

  test('reads the page, logs in over a redirect with a Secure cookie, and downloads', async () => {
    const front = await curl(plain(site));
    expect(front.stderr).toBe('');
    expect(front.stdout).toContain('The Harbour News');
    expect(front.stdout).not.toContain('https://');
    expect((await curl(plain(account, '/inside'))).stdout).toContain('Outside');
    const inside = await curl('-L', '--data', 'who=anna', plain(account, '/login'));
    expect(inside.stdout).toContain('Inside');
    expect((await curl('-L', plain(site, '/old'))).stdout).toContain('Inside');
    const file = join(folder, 'file.bin');
    expect((await curl('-o', file, plain(site, '/file.bin'))).status).toBe(0);
    expect((await readFile(file)).equals(Buffer.alloc(5000, 0xee))).toBe(true);
  });
});

const TEXT_BROWSERS: [program: string, args: string[]][] = [
  ['w3m', ['-dump', '-o', 'use_proxy=1', '-o', 'no_proxy=']],
  ['lynx', ['-dump', '-nolist', '-accept_all_cookies']],
  ['links2', ['-dump', '-http-proxy', 'PROXY']],
];

describe.each(TEXT_BROWSERS)('%s', (program, args) => {
  const isThere = existsSync(`/usr/bin/${program}`);
  if (!isThere) test.skip(`${program} is not installed`, () => {});
  const read = async (url: string) => {
    const home = join(folder, program);
    await mkdir(home, { recursive: true });
    const told = args.map((arg) => arg.replace('PROXY', `127.0.0.1:${gateway.port}`));
    return run(program, [...told, url], { http_proxy: `${asProxy()}/`, no_proxy: '', HOME: home });
  };

  test.runIf(isThere)('reads the page, by proxy setting and without one', async () => {
    expect((await read(plain(site))).stdout).toMatch(/The Harbour News[\s\S]*Read by an old browser/);
    const byPath = `http://127.0.0.1:${gateway.port}/https/localhost:${site.port}/`;
    expect((await read(byPath)).stdout).toMatch(/The Harbour News[\s\S]*Read by an old browser/);
    expect((await read('http://deputy/')).stdout).toMatch(/Deputy[\s\S]*Pages come through localhost/);
  });
});

describe('Chromium', () => {
  const isThere = existsSync('/usr/bin/chromium');
  if (!isThere) test.skip('chromium is not installed', () => {});

  test.runIf(isThere)('shows the page with its picture, logs in by the form, and comes back', async () => {
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      proxy: { server: asProxy(), bypass: '<-loopback>' },
    });
    try {
      const tab = await browser.newPage({ viewport: { width: 320, height: 240 } });
      await tab.goto(plain(site));
      const image = tab.locator('img').first();
      await expect
        .poll(() => image.evaluate((element) => (element as { naturalWidth?: number }).naturalWidth))
        .toBe(60);
      const { data, info } = await sharp(await image.screenshot())
        .raw()
        .toBuffer({ resolveWithObject: true });
      const middle = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels;
      expect((data[middle] ?? 0) > 200 && (data[middle + 1] ?? 255) < 60).toBe(true);
      await tab.fill('input[name=who]', 'anna');
      await tab.click('input[type=submit]');
      await tab.waitForURL(plain(account, '/inside'));
      expect(await tab.textContent('h1')).toBe('Inside');
      await tab.click('a');
      expect(await tab.textContent('h1')).toBe('The Harbour News');
    } finally {
      await browser.close();
    }
  });
});

describe('several people', () => {
  test('say who they are, and have cookies of their own', async () => {
    const home = join(folder, 'people');
    for (const name of ['anna', 'ben']) {
      const adding = Command.start([
        ...['gateway', '--ca', join(folder, 'roots.pem'), '--folder', home, '--add-person', name],
      ]);
      adding.child.stdin?.end(`${name}-password\n`);
      expect(await adding.ended, adding.stderr).toBe(0);
    }
    const { port } = await start(['--folder', home]);
    const curl = (...args: string[]) =>
      run('curl', ['-sS', '-0', '-L', '--noproxy', '', '-x', `http://127.0.0.1:${port}`, ...args]);
    const as = (name: string) => ['--proxy-user', `${name}:${name}-password`];
    expect((await curl(plain(account, '/inside'))).stdout).toContain('wants to know who you are');
    expect((await curl('--proxy-user', 'anna:wrong', plain(account, '/inside'))).stdout).toContain(
      'wants to know',
    );
    expect((await curl(...as('anna'), '--data', 'who=anna', plain(account, '/login'))).stdout).toContain(
      'Inside',
    );
    expect((await curl(...as('anna'), plain(account, '/inside'))).stdout).toContain('Inside');
    expect((await curl(...as('ben'), plain(account, '/inside'))).stdout).toContain('Outside');
  });
});
