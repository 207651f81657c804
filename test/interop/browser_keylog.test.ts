// A browser of today, which logs its TLS keys and can add no header to CONNECT: the proxy's user name says what is meant.
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestOrigin, World } from '../host/client/world.js';
import { Command } from './command.js';
import { startProxyCommand } from './proxy_command.js';

const TOKEN = 'a-token-of-the-browser';
const isThere = existsSync('/usr/bin/chromium');
if (!isThere) test.skip('all of it (chromium is not installed)', () => {});
let world: World;
let folder: string;
let origin: TestOrigin;

beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'deputy-browser-'));
  origin = await world.origin((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<title>As it is</title><h1>Read by Chromium</h1>');
  });
  await writeFile(join(folder, 'roots.pem'), world.authority.root.pem);
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const spki = (pem: Buffer | string) =>
  createHash('sha256')
    .update(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

describe.runIf(isThere)('Chromium', () => {
  test('is delegated by the user name mirror+NAME, and its page passes the proxy', async () => {
    const proxy = await startProxyCommand({
      authority: world.authority,
      folder,
      tokens: { tests: TOKEN },
      args: ['--service', 'compress'],
    });
    world.onClose(() => proxy.command.stop());
    const log = join(folder, 'keys.log');
    const roots = join(folder, 'roots.pem');
    const keylog = Command.start([
      ...['keylog', '--json', '--file', log, '--proxy', `localhost:${proxy.port}`],
      ...['--proxy-ca', roots, '--token', TOKEN],
    ]);
    world.onClose(() => keylog.stop());
    await keylog.says(/"event":"ready"/);
    // The test's authority is unknown to Chromium: these two keys are named, and no other is let pass.
    const keys = [await readFile(join(folder, 'proxy.pem')), await certificateOf(origin)].map(spki);
    const profile = await mkdtemp(join(folder, 'profile-'));
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-http2', '--no-first-run'],
        `--ignore-certificate-errors-spki-list=${keys.join(',')}`,
      ],
      env: { ...process.env, SSLKEYLOGFILE: log } as Record<string, string>,
      proxy: {
        server: `https://localhost:${proxy.port}`,
        username: 'mirror+chromium',
        password: TOKEN,
        bypass: '<-loopback>',
      },
    });
    try {
      const tab = await browser.newPage();
      await tab.goto(`${origin.url}/`);
      expect(await tab.textContent('h1')).toBe('Read by Chromium');
      await keylog.says(/"event":"active"/);
      await keylog.says(/"event":"receipt"/);
    } finally {
      await browser.close();
    }
  });
});

/** What an origin shows, as PEM. */
async function certificateOf({ port }: TestOrigin): Promise<Buffer> {
  const { connect } = await import('node:tls');
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw);
      socket.destroy();
    }).on('error', reject);
  });
}
