// What the client must do on every board: pages through real proxies, and a clear end of whatever goes wrong.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootList } from '../../../boards/parts/roots.js';
import { type Authority, createAuthority } from '../../../host/cli/demo/authority/authority.js';
import { isInstalled, type ServerKind, startOrigin } from '../../../host/cli/demo/origins.js';
import type { Files } from '../../../host/cli/demo/site.js';
import { transcode } from '../../../host/services/transcode/index.js';
import { clientWasm, type TestProxy, World } from '../../host/client/world.js';
import { type Firmware, Papers, through } from './firmware.js';

const PAGE = '<!DOCTYPE html><title>t</title><p>A page for a handheld, “and now this”.</p>\n';
const LARGE = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
// One grey pixel.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);
const SLOW = { timeout: 120_000 };
type Version = '1.3' | '1.2';
const VERSIONS: Version[] = ['1.3', '1.2'];

/** Declares the tests. Call it inside of a describe block. */
export function behaves({ board, engine, file, run }: Firmware): void {
  let world: World;
  let stranger: Authority;
  let proxy: TestProxy;
  let papers: Papers;
  let roots: string;
  let others: string;

  beforeAll(async () => {
    world = await World.create();
    stranger = await createAuthority();
    proxy = await world.proxy();
    papers = new Papers();
    roots = papers.write('roots.pem', world.authority.root.pem);
    others = papers.write('others.pem', stranger.root.pem);
  });
  afterAll(async () => {
    await world.close();
    papers.remove();
  });

  const admitted = (more: { port: number } = proxy) => through(more, roots, roots);
  const FILES: Files = {
    '/page.html': { type: 'text/html', body: PAGE },
    '/large': { type: 'application/octet-stream', body: LARGE },
  };
  const realOrigin = async (version: Version, files = FILES) => {
    const kind: ServerKind = isInstalled('nginx') ? 'nginx' : 'node';
    const certificates = [await world.authority.issue({ names: ['localhost'] })];
    const origin = await startOrigin(kind, { certificates, version, files });
    world.onClose(() => origin.stop());
    return origin;
  };
  const plainOrigin = (listener: Parameters<World['origin']>[0], version?: Version) =>
    world.origin(listener, version && { minVersion: `TLSv${version}`, maxVersion: `TLSv${version}` });

  test.each(VERSIONS)(
    'fetches a page and a large file through a delegated session of TLS %s',
    async (version) => {
      const origin = await realOrigin(version);
      const url = `https://localhost:${origin.port}`;
      const result = await run(['get', `${url}/page.html`, `${url}/large`, ...admitted(), '--measure']);
      expect(result).toMatchObject({ status: 0 });
      expect(result.page.equals(Buffer.concat([Buffer.from(PAGE), LARGE]))).toBe(true);
      expect(result.said).toMatch(/^measure active \d+$/m);
    },
    SLOW.timeout,
  );

  test(
    'fetches directly, by certificates or a file of roots, and end to end through the proxy',
    SLOW,
    async () => {
      const origin = await realOrigin('1.3');
      const url = `https://localhost:${origin.port}/page.html`;
      const list = papers.write('roots.bin', await rootList(1, [world.authority.root.der]));
      for (const args of [
        ['--direct', '--ca', roots],
        ['--direct', '--ca', list],
        [...admitted(), '--grant', 'none'],
      ]) {
        expect(await run(['get', url, ...args])).toMatchObject({
          status: 0,
          page: Buffer.from(PAGE),
          said: '',
        });
      }
    },
  );

  test('follows a redirect to another path', SLOW, async () => {
    const origin = await plainOrigin((request, response) => {
      if (request.url === '/a/b?c') response.writeHead(302, { Location: '../d e' }).end();
      else response.end(`path ${request.url}\n`);
    });
    const result = await run(['get', `${origin.url}/a/b?c`, ...admitted()]);
    expect(result).toMatchObject({ status: 0, page: Buffer.from('path /d%20e\n') });
  });

  test('ends with status 1 where the origin answers with an error', SLOW, async () => {
    const origin = await plainOrigin((_, response) => response.writeHead(404).end('nothing here\n'));
    const result = await run(['get', `${origin.url}/`, ...admitted()]);
    expect(result).toMatchObject({ status: 1, page: Buffer.from('nothing here\n') });
    expect(result.said).toContain('answered 404 Not Found');
  });

  test('sends nothing to a proxy whose certificate is not trusted', SLOW, async () => {
    const origin = await plainOrigin((_, response) => response.end('never'));
    const result = await run(['get', `${origin.url}/`, ...through(proxy, others, roots)]);
    expect(result).toMatchObject({ status: 1, page: Buffer.from('') });
    expect(result.said).toMatch(/^deputy: the proxy .* \(TLS_UNKNOWN_CA\)$/m);
  });

  test.each(VERSIONS)(
    'delivers no session of an origin of TLS %s whose certificate is not trusted',
    SLOW,
    async (version) => {
      const origin = await plainOrigin((_, response) => response.end('never'), version);
      const result = await run(['get', `${origin.url}/`, ...through(proxy, roots, others), '--measure']);
      expect(result).toMatchObject({ status: 1, page: Buffer.from('') });
      expect(result.said).toMatch(/^deputy: the origin .* \(TLS_UNKNOWN_CA\)$/m);
      expect(result.said).not.toContain('measure delivered');
    },
  );

  test.each([
    ['a wrong token', ['--token', 'no-token-of-this-proxy'], /\([A-Z_]+\)$/m],
    ['a grant that is none', ['--grant', 'everything'], /'everything' is no grant \(USAGE\)/],
    ['a file that is not there', ['--ca', '/nowhere'], /--ca: \/nowhere can't be read \(FILE_UNREADABLE\)/],
  ])(
    'says so of %s',
    async (_, more, text) => {
      const origin = await plainOrigin((__, response) => response.end('never'));
      const result = await run(['get', `${origin.url}/`, ...admitted(), ...more]);
      expect(result.status).toBeGreaterThan(0);
      expect(result.page).toEqual(Buffer.from(''));
      expect(result.said).toMatch(text);
    },
    SLOW.timeout,
  );

  test('tells its options', SLOW, async () => {
    const result = await run(['get', '--help']);
    expect(result).toMatchObject({ status: 0, said: '' });
    expect(`${result.page}`).toMatch(/^Usage: get URL… .*^ {2}--proxy HOST:PORT .*^ {2}--measure /ms);
  });

  test('says so where nothing listens', SLOW, async () => {
    const result = await run(['get', 'https://localhost/', ...admitted({ port: 1 })]);
    expect(result).toMatchObject({ status: 1, page: Buffer.from('') });
    expect(result.said).toMatch(/refused \(CONNECTION_FAILED\)/i);
  });

  test.each(VERSIONS)(
    'says so where an origin of TLS %s dies in the middle of a page',
    SLOW,
    async (version) => {
      const origin = await plainOrigin((_, response) => {
        response.writeHead(200, { 'Content-Length': 100_000 });
        response.write('x'.repeat(5000), () => setTimeout(() => response.socket?.destroy(), 100));
      }, version);
      const result = await run(['get', `${origin.url}/`, ...admitted()]);
      expect(result.status).toBe(1);
      expect(result.said).toMatch(/^deputy: .* \([A-Z_]+\)$/m);
    },
  );

  test('says so where the proxy falls silent', SLOW, async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const result = await run(['get', 'https://localhost/', ...admitted({ port }), '--timeout', '2']);
    for (const socket of sockets) socket.destroy();
    silent.close();
    expect(result).toMatchObject({ status: 1, page: Buffer.from('') });
    expect(result.said).toMatch(/^deputy: the proxy .*no TLS handshake within/m);
  });

  test.each(VERSIONS)(
    'opens the origin of a picture, TLS %s, when the proxy asks, and says so where it may not',
    SLOW,
    async (version) => {
      const pictures = await realOrigin(version, { '/a.png': { type: 'image/png', body: PICTURE } });
      const body = `<!DOCTYPE html><p>text <img src="https://localhost:${pictures.port}/a.png" alt="dot"></p>`;
      const page = await realOrigin(version, { '/page.html': { type: 'text/html; charset=utf-8', body } });
      const helpful = await world.proxy({ services: [transcode()] });
      const args = ['get', `https://localhost:${page.port}/page.html`, ...admitted(helpful)];
      const granted = await run([...args, '--allow-tunnel', '*']);
      expect(granted).toMatchObject({ status: 0, said: '' });
      expect(`${granted.page}`).toMatch(/text .*<img [^>]*src="data:image/s);

      const refused = await run(args);
      expect(refused.status).toBe(1);
      expect(`${refused.page}`).toContain('text');
      expect(refused.said).toMatch(
        /^deputy: a part of the page is missing, from localhost:.* \(TUNNEL_DENIED\)$/m,
      );
    },
  );

  test('holds the device program that the other tests run', () => {
    const program = readFileSync(clientWasm);
    const held = engine === 'aot' ? createHash('sha256').update(program).digest() : program;
    expect(readFileSync(file).indexOf(held)).toBeGreaterThan(0);
  });

  // An operating system always has both.
  if (board.emulator === undefined) return;
  test('refuses to start without a seed, or without the time', SLOW, async () => {
    const args = ['get', 'https://localhost/', ...admitted()];
    expect(await run(args, { seed: null })).toMatchObject({
      status: 1,
      said: 'deputy: this board has no entropy: start it with a seed (NO_ENTROPY)\n',
    });
    const timeless = await run(args, { time: null });
    expect(timeless.status).toBe(1);
    expect(timeless.said).toMatch(/\(TLS_NO_TIME\)$/m);
  });

  test('without the time believes a signed answer to its question', SLOW, async () => {
    const [right, wrong] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
    const key = papers.write('manage.pem', pem(wrong.publicKey));
    const timeKey = papers.write('time.pem', pem(right.publicKey));
    const keys = ['--device', board.name, '--manage-key', key, '--time-key', timeKey];
    const origin = await plainOrigin((_, response) => response.end('in time\n'));
    const teller = await world.proxy({ timeKey: right.privateKey });
    const result = await run(['get', `${origin.url}/`, ...admitted(teller), ...keys], { time: null });
    expect(result).toMatchObject({ status: 0, page: Buffer.from('in time\n') });
  });
}
